/* Stands before the C library: a disk that takes what is written and fails when it is told to make it last.
 *
 * DISK_FILE names a SQLite file; it and its log (-wal) lie on that disk. The DISK_FAILS-th fsync or fdatasync of either fails with EIO, and
 * what was written to that file since its last one is gone: what stood there before stands there again. As on Linux, the failure is told
 * once; everything works afterwards, and is noted in DISK_FILE.after. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct old {
    struct old *before;
    off_t offset, length, size;
    char bytes[];
};

static struct old *unsynced[2];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static long syncs;
static int has_failed;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int);

__attribute__((constructor)) static void find(void) {
    real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

/* 0: the file, 1: its log, -1: another one. */
static int which(int fd) {
    const char *file = getenv("DISK_FILE");
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (!file || length < 0) return -1;
    name[length] = 0;
    if (strncmp(name, file, strlen(file))) return -1;
    if (!name[strlen(file)]) return 0;
    return strcmp(name + strlen(file), "-wal") ? -1 : 1;
}

static void note(const char *what, int file) {
    char name[4096], line[64];
    snprintf(name, sizeof name, "%s.after", getenv("DISK_FILE"));
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
    int length = snprintf(line, sizeof line, "%s %s\n", what, file ? "log" : "file");
    if (fd >= 0) {
        if (write(fd, line, length) < 0) abort();
        close(fd);
    }
}

static void remember(int fd, int file, size_t length, off_t offset) {
    struct stat stat;
    struct old *old = malloc(sizeof *old + length);
    if (!old || fstat(fd, &stat)) abort();
    old->before = unsynced[file];
    old->offset = offset;
    old->size = stat.st_size;
    old->length = pread(fd, old->bytes, length, offset);
    if (old->length < 0) abort();
    unsynced[file] = old;
}

static void forget(int fd, int file, int undo) {
    while (unsynced[file]) {
        struct old *old = unsynced[file];
        if (undo && (real_pwrite(fd, old->bytes, old->length, old->offset) != old->length || ftruncate(fd, old->size))) abort();
        unsynced[file] = old->before;
        free(old);
    }
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    int file = which(fd);
    if (file < 0) return real_pwrite(fd, bytes, length, offset);
    pthread_mutex_lock(&one_at_a_time);
    if (has_failed) note("write", file);
    else remember(fd, file, length, offset);
    ssize_t written = real_pwrite(fd, bytes, length, offset);
    pthread_mutex_unlock(&one_at_a_time);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

static int sync_of(int fd, int (*real)(int)) {
    int file = which(fd);
    if (file < 0) return real(fd);
    pthread_mutex_lock(&one_at_a_time);
    const char *fails = getenv("DISK_FAILS");
    int result = 0;
    if (has_failed) note("sync", file);
    if (!has_failed && fails && ++syncs == atol(fails)) {
        has_failed = 1;
        forget(fd, file, 1);
        note("failed", file);
        errno = EIO;
        result = -1;
    } else {
        result = real(fd);
        forget(fd, file, 0);
    }
    int error = errno;
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return result;
}

int fsync(int fd) { return sync_of(fd, real_fsync); }

int fdatasync(int fd) { return sync_of(fd, real_fdatasync); }
