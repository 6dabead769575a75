/* Stands before the C library: a disk that takes what is written and may never make it last.
 *
 * DISK names a folder. Of three kinds of files in it ("log" and "store": a SQLite file deskpulse.db, or one in the making, and its log; "archive": whatever ends in .zst) it is
 * noted what stood where something was written that no fsync has made last: in DISK/disk, for whoever lets the power go (disk.rs).
 * A file that was made has its name noted, too, until its folder is synced: in DISK/disk/NAME.entry stands where it is.
 *
 * DISK_FAULT is "what kind time". At that fsync or fdatasync of that kind
 *   lost   it fails with EIO, and what was written to that file since its last one is gone at once: what stood there before stands there again;
 *   kept   it fails with EIO, and what was written is read as before, and gone when the power goes: no later fsync makes it last, unless it is written
 *          again.
 * Either is told once, as on Linux; everything works afterwards, and is noted in DISK/disk/after.
 *   full   from that write of that kind on, none that makes such a file larger has room (ENOSPC). */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHER, STORE, LOG, ARCHIVE };
static const char *const KINDS[] = {"", "store", "log", "archive"};

/* What stood where something was written: so many bytes follow, filled up with zeros; the file had this size. */
struct old {
    off_t offset, length, size;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static long syncs, writes;
static int has_failed;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t), (*real_fsync)(int), (*real_fdatasync)(int), (*real_unlink)(const char *);
static int (*real_open)(const char *, int, ...);

__attribute__((constructor)) static void find(void) {
    real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    real_open = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    real_write = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
}

static int ends(const char *text, const char *end) {
    size_t length = strlen(text), of_end = strlen(end);
    return length >= of_end && !strcmp(text + length - of_end, end);
}

static int kind_of(const char *path) {
    const char *folder = getenv("DISK");
    if (!folder || strncmp(path, folder, strlen(folder))) return OTHER;
    if (ends(path, "/deskpulse.db") || ends(path, "/deskpulse.db.part")) return STORE;
    if (ends(path, "/deskpulse.db-wal") || ends(path, "/deskpulse.db.part-wal")) return LOG;
    return ends(path, ".zst") ? ARCHIVE : OTHER;
}

static int which(int fd, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return kind_of(path);
}

/* The note about a file, with this ending. */
static int open_note(const char *path, const char *end, int flags) {
    char name[2 * PATH_MAX];
    snprintf(name, sizeof name, "%s/disk/%s%s", getenv("DISK"), strrchr(path, '/') + 1, end);
    return real_open(name, flags | O_CREAT | O_CLOEXEC, 0644);
}

static void put(int fd, const void *bytes, size_t length) {
    if (real_write(fd, bytes, length) != (ssize_t)length) abort();
}

static void tell(const char *what, int kind) {
    char line[64];
    int fd = open_note("/after", "", O_WRONLY | O_APPEND);
    put(fd, line, snprintf(line, sizeof line, "%s %s\n", what, KINDS[kind]));
    close(fd);
}

/* Whether the fault of this name is now to come. */
static int is_due(const char *what, int kind, long *count) {
    char name[16], of[16];
    long time;
    const char *fault = getenv("DISK_FAULT");
    if (!fault || sscanf(fault, "%15s %15s %ld", name, of, &time) != 3 || strcmp(name, what) || strcmp(of, KINDS[kind])) return 0;
    return ++*count >= time;
}

static void remember(const char *path, off_t offset, off_t length) {
    struct stat stat;
    char *bytes = calloc(1, length + 1);
    int file = real_open(path, O_RDONLY | O_CLOEXEC);
    if (!bytes || file < 0 || fstat(file, &stat) || pread(file, bytes, length, offset) < 0) abort();
    close(file);
    struct old old = {offset, length, stat.st_size};
    int note = open_note(path, ".unsynced", O_WRONLY | O_APPEND);
    put(note, &old, sizeof old);
    put(note, bytes, length);
    close(note);
    free(bytes);
}

/* All of a note. */
static char *read_note(int note, off_t *length) {
    struct stat stat;
    if (note < 0 || fstat(note, &stat)) abort();
    char *bytes = malloc(stat.st_size + 1);
    *length = pread(note, bytes, stat.st_size, 0);
    if (*length != stat.st_size) abort();
    return bytes;
}

/* What was not synced, and cannot be any more, each byte with a mark that it was not written again. */
static void keep_stale(const char *path, const char *bytes, off_t length) {
    int note = open_note(path, ".stale", O_WRONLY | O_APPEND);
    for (off_t at = 0; at < length;) {
        const struct old *old = (const struct old *)(bytes + at);
        char *marks = calloc(1, old->length + 1);
        put(note, old, sizeof *old + old->length);
        put(note, marks, old->length);
        free(marks);
        at += sizeof *old + old->length;
    }
    close(note);
}

/* What was written again, and synced. */
static void mark_written(const char *path, const char *bytes, off_t length) {
    off_t of_stale;
    int note = open_note(path, ".stale", O_RDWR);
    char *stale = read_note(note, &of_stale);
    for (off_t at = 0; at < of_stale;) {
        struct old *lost = (struct old *)(stale + at);
        char *marks = stale + at + sizeof *lost + lost->length;
        for (off_t one = 0; one < length;) {
            const struct old *again = (const struct old *)(bytes + one);
            off_t from = again->offset > lost->offset ? again->offset : lost->offset;
            off_t end = again->offset + again->length, end_of_lost = lost->offset + lost->length;
            if (end_of_lost < end) end = end_of_lost;
            if (from < end) memset(marks + (from - lost->offset), 1, end - from);
            one += sizeof *again + again->length;
        }
        at += sizeof *lost + 2 * lost->length;
    }
    if (real_pwrite(note, stale, of_stale, 0) != of_stale) abort();
    free(stale);
    close(note);
}

/* As it was before these writes. The file is one that is not only appended to. */
static void undo(int fd, const char *bytes, off_t length) {
    if (!length) return;
    const struct old *first = (const struct old *)bytes;
    undo(fd, bytes + sizeof *first + first->length, length - (off_t)sizeof *first - first->length);
    if (real_pwrite(fd, bytes + sizeof *first, first->length, first->offset) != first->length || real_ftruncate(fd, first->size)) abort();
}

/* Notes what is about to be overwritten; false when there is no room for it. */
static int may_write(int fd, const char *path, int kind, off_t offset, off_t length) {
    struct stat stat;
    if (has_failed) tell("write", kind);
    if (fstat(fd, &stat)) abort();
    if (is_due("full", kind, &writes) && offset + length > stat.st_size) {
        errno = ENOSPC;
        return 0;
    }
    remember(path, offset, length);
    return 1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    char path[PATH_MAX];
    int kind = which(fd, path);
    if (!kind) return real_pwrite(fd, bytes, length, offset);
    pthread_mutex_lock(&one_at_a_time);
    ssize_t written = may_write(fd, path, kind, offset, length) ? real_pwrite(fd, bytes, length, offset) : -1;
    pthread_mutex_unlock(&one_at_a_time);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
    char path[PATH_MAX];
    if (!real_write) find();
    int kind = which(fd, path);
    if (!kind) return real_write(fd, bytes, length);
    pthread_mutex_lock(&one_at_a_time);
    off_t offset = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t written = may_write(fd, path, kind, offset, length) ? real_write(fd, bytes, length) : -1;
    pthread_mutex_unlock(&one_at_a_time);
    return written;
}

int ftruncate64(int fd, off_t size) {
    char path[PATH_MAX];
    struct stat stat;
    int kind = which(fd, path);
    if (!kind) return real_ftruncate(fd, size);
    pthread_mutex_lock(&one_at_a_time);
    if (fstat(fd, &stat)) abort();
    if (size < stat.st_size) remember(path, size, stat.st_size - size);
    int result = real_ftruncate(fd, size);
    pthread_mutex_unlock(&one_at_a_time);
    return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int open64(const char *path, int flags, ...) {
    char whole[PATH_MAX];
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (!real_open) find();
    if (!(flags & O_CREAT)) return real_open(path, flags, mode);
    pthread_mutex_lock(&one_at_a_time);
    int is_new = access(path, F_OK), fd = real_open(path, flags, mode);
    if (is_new && fd >= 0 && which(fd, whole)) {
        int note = open_note(whole, ".entry", O_WRONLY);
        put(note, whole, strlen(whole));
        close(note);
    }
    pthread_mutex_unlock(&one_at_a_time);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open64(path, flags, mode);
}

/* If this is a folder that is synced: the names in it are on the disk. */
static void keep_entries(const char *folder) {
    char name[3 * PATH_MAX], path[PATH_MAX] = "";
    struct stat stat_of;
    const char *disk = getenv("DISK");
    if (!disk || strncmp(folder, disk, strlen(disk)) || stat(folder, &stat_of) || !S_ISDIR(stat_of.st_mode)) return;
    snprintf(name, sizeof name, "%s/disk", disk);
    DIR *notes = opendir(name);
    for (struct dirent *note; notes && (note = readdir(notes));) {
        if (!ends(note->d_name, ".entry")) continue;
        snprintf(name, sizeof name, "%s/disk/%s", disk, note->d_name);
        int file = real_open(name, O_RDONLY | O_CLOEXEC);
        ssize_t length = read(file, path, sizeof path - 1);
        close(file);
        path[length < 0 ? 0 : length] = 0;
        char *base = strrchr(path, '/');
        if (base) *base = 0;
        if (!strcmp(path, folder)) real_unlink(name);
    }
    if (notes) closedir(notes);
}

static int sync_of(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    off_t length;
    int kind = which(fd, path), result = -1;
    if (!kind) {
        pthread_mutex_lock(&one_at_a_time);
        result = real(fd);
        if (!result) keep_entries(path);
        pthread_mutex_unlock(&one_at_a_time);
        return result;
    }
    pthread_mutex_lock(&one_at_a_time);
    int note = open_note(path, ".unsynced", O_RDWR);
    char *bytes = read_note(note, &length);
    if (has_failed) tell("sync", kind);
    int is_lost = !has_failed && is_due("lost", kind, &syncs), is_kept = !has_failed && is_due("kept", kind, &syncs);
    if (is_lost || is_kept) {
        has_failed = 1;
        if (is_lost) {
            int file = real_open(path, O_WRONLY | O_CLOEXEC);
            undo(file, bytes, length);
            close(file);
        } else keep_stale(path, bytes, length);
        tell("failed", kind);
    } else {
        result = real(fd);
        mark_written(path, bytes, length);
    }
    if (real_ftruncate(note, 0)) abort();
    free(bytes);
    close(note);
    pthread_mutex_unlock(&one_at_a_time);
    if (is_lost || is_kept) errno = EIO;
    return result;
}

int fsync(int fd) { return sync_of(fd, real_fsync); }

int fdatasync(int fd) { return sync_of(fd, real_fdatasync); }

int unlink(const char *path) {
    char whole[PATH_MAX];
    int kind = realpath(path, whole) ? kind_of(whole) : OTHER;
    if (!kind) return real_unlink(path);
    pthread_mutex_lock(&one_at_a_time);
    close(open_note(whole, ".unsynced", O_WRONLY | O_TRUNC));
    close(open_note(whole, ".stale", O_WRONLY | O_TRUNC));
    close(open_note(whole, ".entry", O_WRONLY | O_TRUNC));
    int result = real_unlink(path);
    pthread_mutex_unlock(&one_at_a_time);
    return result;
}
