//! Amounts of money, exactly: hundredths from decimal notation, never by way of a float (ruling 16).

/// Why something is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AmountError {
    /// A string that is not `digits[.digits]`.
    #[error("a string of digits like 12.50 wanted, without sign, exponent and blanks")]
    Form,
    /// A value finer than hundredths.
    #[error("at most 2 decimals wanted, more found")]
    Decimals,
}

/// Hundredths of an amount given as a string: `digits[.digits]`.
pub(super) fn digits(text: &str) -> Result<i64, AmountError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(AmountError::Form);
    }
    number(text)
}

/// Hundredths of an amount given as a JSON number in any notation: the value counts. Beyond 64 bits the nearest that there is.
pub(super) fn number(notation: &str) -> Result<i64, AmountError> {
    let (sign, unsigned) = notation.strip_prefix('-').map_or((1, notation), |rest| (-1, rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let value = significant.trim_start_matches('0');
    if value.is_empty() {
        return Ok(0);
    }
    // The amount is `value` times ten to this power, in hundredths.
    let power = exponent_of(exponent) + 2 + length(&digits) - length(significant) - length(fraction);
    let Ok(power) = u32::try_from(power) else { return Err(AmountError::Decimals) };
    let cents = value.parse::<i64>().ok().zip(10_i64.checked_pow(power)).and_then(|(value, unit)| value.checked_mul(unit));
    Ok(sign * cents.unwrap_or(i64::MAX))
}

/// An exponent; one that is out of all reason stays so.
fn exponent_of(digits: &str) -> i64 {
    const BEYOND: i64 = 1_000_000_000;
    let beyond = if digits.starts_with('-') { -BEYOND } else { BEYOND };
    digits.parse::<i64>().unwrap_or(beyond).clamp(-BEYOND, BEYOND)
}

fn length(digits: &str) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}
