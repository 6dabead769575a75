//! People: agents' names for display. They never change a number.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::Name;

use super::ConfigError;

/// Columns that the file may have; `agent` and `name` it must have.
const COLUMNS: [&str; 7] = ["agent", "name", "team", "role", "manages", "from", "until"];

/// Reads the names from a CSV file with a header line.
pub(super) fn names(file: &Path) -> Result<BTreeMap<Name, Name>, ConfigError> {
    let wrong = |message: String| ConfigError::invalid("people.file", format!("{}: {message}", file.display()));
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let header = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    if let Some(unknown) = header.iter().find(|column| !COLUMNS.contains(column)) {
        return Err(wrong(format!("unknown column {unknown:?}: wanted {}", COLUMNS.join(", "))));
    }
    let column = |wanted: &str| {
        header.iter().position(|column| column == wanted).ok_or_else(|| wrong(format!("no column {wanted:?} in its first line")))
    };
    let (agent, name) = (column("agent")?, column("name")?);
    let mut names = BTreeMap::new();
    for line in reader.records() {
        let line = line.map_err(|error| wrong(error.to_string()))?;
        if let (Some(agent), Some(name)) = (line.get(agent).filter(|id| !id.is_empty()), line.get(name).filter(|name| !name.is_empty())) {
            names.insert(Name::new(agent), Name::new(name));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(text: &str) -> Result<BTreeMap<Name, Name>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        names(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_read_by_the_header() {
        let names = read("team, agent,name\npresale, amy,\"Wang, Amy\"\npresale, bob,\n").unwrap();
        assert_eq!(names, BTreeMap::from([(Name::new("amy"), Name::new("Wang, Amy"))]));
    }

    #[test]
    fn a_file_without_the_columns_is_refused_with_what_is_wanted() {
        assert!(read("id,name\n1,Amy\n").unwrap_err().contains("agent, name"));
        assert!(read("agent,team\namy,presale\n").unwrap_err().contains("no column \"name\""));
        assert!(names(Path::new("/nowhere.csv")).unwrap_err().to_string().contains("people.file"));
    }
}
