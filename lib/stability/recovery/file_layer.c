// The layer between a process and its files that RecoveryTest loads by LD_PRELOAD: below one directory it writes down
// what is changed and what is synced, and on demand lets the disk be full, or the process die at its n-th operation.
// It also moves the process's wall clock. Built on the spot: cc -shared -fPIC -O1 file_layer.c -ldl -lpthread
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The page that the harness shares with the process; file_layer.ts has the same order.
typedef volatile struct {
  int64_t loaded, operations, kill_at, killed, full, refused, clock_offset_ms;
} Control;

static Control none;
static Control *control = &none;
static int log_fd = -1;
static char root[PATH_MAX];
static size_t root_length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name)                                          \
  ({                                                        \
    static __typeof__(&name) function;                      \
    if (!function) function = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    function;                                               \
  })

__attribute__((constructor)) static void load(void) {
  const char *directory = getenv("DEMI_FILE_LAYER_DIRECTORY");
  const char *control_path = getenv("DEMI_FILE_LAYER_CONTROL");
  const char *log_path = getenv("DEMI_FILE_LAYER_LOG");
  if (!directory || !control_path || !log_path || !realpath(directory, root)) return;
  int fd = (int)REAL(syscall)(SYS_openat, AT_FDCWD, control_path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *page = (void *)REAL(syscall)(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REAL(syscall)(SYS_close, fd);
  if (page == MAP_FAILED) return;
  int opened = (int)REAL(syscall)(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (opened < 0) return;
  log_fd = fcntl(opened, F_DUPFD_CLOEXEC, 200); // out of the way of those who number their own
  REAL(syscall)(SYS_close, opened);
  root_length = strlen(root);
  control = page;
  __sync_fetch_and_add(&control->loaded, 1);
}

static int is_below(const char *path) {
  return root_length && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

/** Path of an open file below the directory, without the directory. */
static const char *path_of(int fd, char *buffer) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int saved = errno;
  ssize_t length = readlink(link, buffer, PATH_MAX - 1);
  errno = saved;
  if (length <= 0 || buffer[0] != '/') return NULL;
  buffer[length] = 0;
  return is_below(buffer) ? buffer + root_length : NULL;
}

/** The same for a name that need not exist: its folder is resolved, its last part is not. */
static const char *path_at(int directory, const char *name, char *buffer) {
  char whole[2 * PATH_MAX], folder[PATH_MAX], base[NAME_MAX + 2];
  int saved = errno;
  if (!root_length || !name || !*name || strlen(name) >= PATH_MAX) return NULL;
  if (name[0] == '/') strcpy(whole, name);
  else {
    char link[64];
    if (directory == AT_FDCWD) strcpy(link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, whole, PATH_MAX - 1);
    if (length <= 0) return errno = saved, NULL;
    whole[length] = '/';
    strcpy(whole + length + 1, name);
  }
  size_t end = strlen(whole);
  while (end > 1 && whole[end - 1] == '/') whole[--end] = 0;
  char *slash = strrchr(whole, '/');
  if (!slash || strlen(slash) > NAME_MAX + 1) return NULL;
  strcpy(base, slash);
  *slash = 0;
  const char *resolved = realpath(*whole ? whole : "/", folder);
  errno = saved;
  if (!resolved || strlen(folder) + strlen(base) >= PATH_MAX) return NULL;
  strcpy(buffer, strcmp(folder, "/") ? folder : "");
  strcat(buffer, base);
  return is_below(buffer) ? buffer + root_length : NULL;
}

static void note(char kind, const char *path, const char *other, int64_t offset, const void *data, size_t length) {
  size_t path_length = path ? strlen(path) : 0, other_length = other ? strlen(other) : 0;
  uint32_t head[4] = {(uint32_t)kind, (uint32_t)path_length, (uint32_t)other_length, (uint32_t)length};
  struct iovec parts[] = {
    {head, sizeof head}, {&offset, sizeof offset}, {(void *)path, path_length},
    {(void *)other, other_length}, {(void *)data, length},
  };
  int saved = errno;
  REAL(syscall)(SYS_writev, log_fd, parts, 5);
  errno = saved;
}

/** Counts an operation; the process may end here. */
static void count(void) {
  int64_t number = __sync_add_and_fetch(&control->operations, 1);
  if (control->kill_at <= 0 || number < control->kill_at) return;
  control->killed = 1;
  REAL(syscall)(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

static int refuse(int grows) {
  if (!control->full || !grows) return 0;
  control->refused++;
  errno = ENOSPC;
  return 1;
}

static int64_t size_of(int fd) {
  struct stat status;
  return fstat(fd, &status) ? 0 : status.st_size;
}

static int is_synchronous(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & (O_DSYNC | O_SYNC));
}

/** Writes through `system`, at the file's own position where `offset` is negative. */
static ssize_t change(int fd, const char *path, const struct iovec *parts, int count_of, int64_t offset) {
  size_t length = 0;
  for (int i = 0; i < count_of; i++) length += parts[i].iov_len;
  char *whole = malloc(length ? length : 1), *end = whole;
  if (!whole) return errno = ENOMEM, -1;
  for (int i = 0; i < count_of; i++) {
    memcpy(end, parts[i].iov_base, parts[i].iov_len);
    end += parts[i].iov_len;
  }
  pthread_mutex_lock(&lock);
  count();
  int64_t at = offset >= 0 ? offset : fcntl(fd, F_GETFL) & O_APPEND ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
  ssize_t written = -1;
  if (!refuse(at + (int64_t)length > size_of(fd))) {
    note('W', path, NULL, at, whole, length); // before: who is killed now may have written it
    written = offset >= 0 ? REAL(syscall)(SYS_pwrite64, fd, whole, length, offset) : REAL(syscall)(SYS_write, fd, whole, length);
    if (written < 0 || (size_t)written < length) {
      note('F', path, NULL, 0, NULL, 0);
      if (written > 0) note('W', path, NULL, at, whole, (size_t)written);
    }
    if (written > 0 && is_synchronous(fd)) note('S', path, NULL, 0, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  free(whole);
  return written;
}

#define CHANGE(call, parts, count_of, offset)            \
  char buffer[PATH_MAX];                                 \
  const char *path = root_length ? path_of(fd, buffer) : NULL; \
  if (!path) return call;                                \
  return change(fd, path, parts, count_of, offset)

ssize_t write(int fd, const void *data, size_t length) {
  struct iovec part = {(void *)data, length};
  CHANGE(REAL(write)(fd, data, length), &part, 1, -1);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  struct iovec part = {(void *)data, length};
  CHANGE(REAL(pwrite)(fd, data, length, offset), &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  struct iovec part = {(void *)data, length};
  CHANGE(REAL(pwrite64)(fd, data, length, offset), &part, 1, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
  CHANGE(REAL(writev)(fd, parts, number), parts, number, -1);
}

ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t offset) {
  CHANGE(REAL(pwritev)(fd, parts, number, offset), parts, number, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int number, off64_t offset) {
  CHANGE(REAL(pwritev64)(fd, parts, number, offset), parts, number, offset);
}

// Those copies that the system makes by itself are sent the ordinary way, where they can be seen.
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t length, unsigned flags) {
  char buffer[PATH_MAX];
  if (!root_length || !path_of(out, buffer)) return REAL(copy_file_range)(in, in_at, out, out_at, length, flags);
  return errno = EXDEV, -1;
}

static ssize_t send_plainly(int out, int in, off_t *at, size_t length) {
  char part[65536];
  size_t wanted = length < sizeof part ? length : sizeof part;
  ssize_t got = at ? pread(in, part, wanted, *at) : read(in, part, wanted);
  if (got <= 0) return got;
  ssize_t written = write(out, part, (size_t)got);
  if (at && written > 0) *at += written;
  return written;
}

// libuv calls it in this way; it knows how to go on by sendfile.
long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
  long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  char buffer[PATH_MAX];
  if (number == SYS_copy_file_range && root_length && path_of((int)c, buffer)) return errno = EXDEV, -1;
  return REAL(syscall)(number, a, b, c, d, e, f);
}

ssize_t sendfile(int out, int in, off_t *at, size_t length) {
  char buffer[PATH_MAX];
  if (!root_length || !path_of(out, buffer)) return REAL(sendfile)(out, in, at, length);
  return send_plainly(out, in, at, length);
}

ssize_t sendfile64(int out, int in, off64_t *at, size_t length) {
  char buffer[PATH_MAX];
  if (!root_length || !path_of(out, buffer)) return REAL(sendfile64)(out, in, at, length);
  return send_plainly(out, in, (off_t *)at, length);
}

static int resize(int fd, const char *path, int64_t size, int only_grow) {
  pthread_mutex_lock(&lock);
  count();
  int result = -1;
  if (only_grow && size <= size_of(fd)) result = 0;
  else if (!refuse(size > size_of(fd))) {
    note('T', path, NULL, size, NULL, 0);
    result = (int)REAL(syscall)(SYS_ftruncate, fd, size);
    if (result) note('F', path, NULL, 0, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

#define RESIZE(call, size)                               \
  char buffer[PATH_MAX];                                 \
  const char *path = root_length ? path_of(fd, buffer) : NULL; \
  return path ? resize(fd, path, size, 0) : call

int ftruncate(int fd, off_t size) { RESIZE(REAL(ftruncate)(fd, size), size); }
int ftruncate64(int fd, off64_t size) { RESIZE(REAL(ftruncate64)(fd, size), size); }

static int reserve(int fd, int64_t end, const char *path) { return resize(fd, path, end, 1) ? errno : 0; }

int posix_fallocate(int fd, off_t at, off_t length) {
  char buffer[PATH_MAX];
  const char *path = root_length ? path_of(fd, buffer) : NULL;
  return path ? reserve(fd, at + length, path) : REAL(posix_fallocate)(fd, at, length);
}
int posix_fallocate64(int fd, off64_t at, off64_t length) {
  char buffer[PATH_MAX];
  const char *path = root_length ? path_of(fd, buffer) : NULL;
  return path ? reserve(fd, at + length, path) : REAL(posix_fallocate64)(fd, at, length);
}
int fallocate(int fd, int mode, off_t at, off_t length) {
  char buffer[PATH_MAX];
  if (root_length && path_of(fd, buffer)) return errno = EOPNOTSUPP, -1; // callers fall back on ftruncate
  return REAL(fallocate)(fd, mode, at, length);
}
int fallocate64(int fd, int mode, off64_t at, off64_t length) {
  char buffer[PATH_MAX];
  if (root_length && path_of(fd, buffer)) return errno = EOPNOTSUPP, -1;
  return REAL(fallocate64)(fd, mode, at, length);
}

static int truncate_at(const char *name, int64_t size) {
  int fd = open(name, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int result = ftruncate(fd, size);
  close(fd);
  return result;
}

int truncate(const char *name, off_t size) { return truncate_at(name, size); }
int truncate64(const char *name, off64_t size) { return truncate_at(name, size); }

static int open_at(int directory, const char *name, int flags, mode_t mode) {
  char buffer[PATH_MAX];
  int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  const char *path = writes && root_length ? path_at(directory, name, buffer) : NULL;
  if (!path) return (int)REAL(syscall)(SYS_openat, directory, name, flags, mode);
  int saved = errno;
  pthread_mutex_lock(&lock);
  int exists = !REAL(syscall)(SYS_faccessat, directory, name, F_OK);
  int creates = !exists && (flags & O_CREAT), cuts = exists && (flags & O_TRUNC);
  if (creates || cuts) count();
  errno = saved;
  int fd = refuse(creates) ? -1 : (int)REAL(syscall)(SYS_openat, directory, name, flags, mode);
  if (fd >= 0 && creates) note('C', path, NULL, 0, NULL, 0);
  if (fd >= 0 && cuts) note('T', path, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE_ARGUMENT                                    \
  mode_t mode = 0;                                       \
  if (flags & (O_CREAT | O_TMPFILE)) {                   \
    va_list rest;                                        \
    va_start(rest, flags);                               \
    mode = va_arg(rest, mode_t);                         \
    va_end(rest);                                        \
  }

int open(const char *name, int flags, ...) { MODE_ARGUMENT return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) {
  MODE_ARGUMENT return open_at(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}
int openat(int directory, const char *name, int flags, ...) {
  MODE_ARGUMENT return open_at(directory, name, flags, mode);
}
int openat64(int directory, const char *name, int flags, ...) {
  MODE_ARGUMENT return open_at(directory, name, flags | O_LARGEFILE, mode);
}
int __open_2(const char *name, int flags) { return open_at(AT_FDCWD, name, flags, 0); }
int __open64_2(const char *name, int flags) { return open_at(AT_FDCWD, name, flags | O_LARGEFILE, 0); }
int creat(const char *name, mode_t mode) { return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

#define NAMES(kind, from, to, grows, call)               \
  pthread_mutex_lock(&lock);                             \
  count();                                               \
  int result = refuse(grows) ? -1 : (int)(call);         \
  if (!result) note(kind, from, to, 0, NULL, 0);         \
  pthread_mutex_unlock(&lock);                           \
  return result

static int name_two(char kind, int from_at, const char *from, int to_at, const char *to, long number, int flags) {
  char first[PATH_MAX], second[PATH_MAX];
  const char *old = path_at(from_at, from, first), *new = path_at(to_at, to, second);
  if (!old && !new) {
    return (int)(number == SYS_symlinkat ? REAL(syscall)(number, from, to_at, to)
                                         : REAL(syscall)(number, from_at, from, to_at, to, flags));
  }
  // what comes from outside, or leaves, has no name here
  if (number == SYS_symlinkat) { NAMES('N', new, NULL, 1, REAL(syscall)(number, from, to_at, to)); }
  NAMES(kind, old, new, kind == 'L', REAL(syscall)(number, from_at, from, to_at, to, flags));
}

int rename(const char *from, const char *to) {
  return name_two('R', AT_FDCWD, from, AT_FDCWD, to, SYS_renameat2, 0);
}
int renameat(int from_at, const char *from, int to_at, const char *to) {
  return name_two('R', from_at, from, to_at, to, SYS_renameat2, 0);
}
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  return name_two('R', from_at, from, to_at, to, SYS_renameat2, (int)flags);
}
int link(const char *from, const char *to) { return name_two('L', AT_FDCWD, from, AT_FDCWD, to, SYS_linkat, 0); }
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
  return name_two('L', from_at, from, to_at, to, SYS_linkat, flags);
}
int symlink(const char *target, const char *name) {
  return name_two('N', AT_FDCWD, target, AT_FDCWD, name, SYS_symlinkat, 0);
}
int symlinkat(const char *target, int at, const char *name) {
  return name_two('N', AT_FDCWD, target, at, name, SYS_symlinkat, 0);
}

static int name_one(char kind, int at, const char *name, int grows, long number, int argument) {
  char buffer[PATH_MAX];
  const char *path = path_at(at, name, buffer);
  if (!path) return (int)REAL(syscall)(number, at, name, argument);
  NAMES(kind, path, NULL, grows, REAL(syscall)(number, at, name, argument));
}

int unlink(const char *name) { return name_one('U', AT_FDCWD, name, 0, SYS_unlinkat, 0); }
int unlinkat(int at, const char *name, int flags) {
  return name_one(flags & AT_REMOVEDIR ? 'X' : 'U', at, name, 0, SYS_unlinkat, flags);
}
int rmdir(const char *name) { return name_one('X', AT_FDCWD, name, 0, SYS_unlinkat, AT_REMOVEDIR); }
int mkdir(const char *name, mode_t mode) { return name_one('D', AT_FDCWD, name, 1, SYS_mkdirat, (int)mode); }
int mkdirat(int at, const char *name, mode_t mode) { return name_one('D', at, name, 1, SYS_mkdirat, (int)mode); }
int remove(const char *name) {
  struct stat status;
  if (lstat(name, &status)) return -1;
  return S_ISDIR(status.st_mode) ? rmdir(name) : unlink(name);
}

static int sync_it(int fd, long number) {
  char buffer[PATH_MAX];
  const char *path = root_length ? path_of(fd, buffer) : NULL;
  if (!path) return (int)REAL(syscall)(number, fd);
  pthread_mutex_lock(&lock);
  count();
  int result = (int)REAL(syscall)(number, fd);
  struct stat status;
  int is_directory = !fstat(fd, &status) && S_ISDIR(status.st_mode);
  if (!result) note(number == SYS_syncfs ? 'A' : is_directory ? 'Y' : 'S', path, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int fd) { return sync_it(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_it(fd, SYS_fdatasync); }
int syncfs(int fd) { return sync_it(fd, SYS_syncfs); }
void sync(void) {
  REAL(syscall)(SYS_sync);
  if (root_length) note('A', "", NULL, 0, NULL, 0);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
  void *mapped = (void *)REAL(syscall)(SYS_mmap, address, length, protection, flags, fd, offset);
  int is_shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
  if (fd < 0 || !root_length || mapped == MAP_FAILED || !is_shared || !(protection & PROT_WRITE)) return mapped;
  char buffer[PATH_MAX];
  const char *path = path_of(fd, buffer);
  if (path) note('M', path, NULL, 0, NULL, 0); // from now on its contents change unseen
  return mapped;
}
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
  return mmap64(address, length, protection, flags, fd, offset);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = REAL(clock_gettime)(clock, time);
  int64_t offset = control->clock_offset_ms;
  if (result || !offset || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  int64_t nanoseconds = time->tv_nsec + offset % 1000 * 1000000;
  time->tv_sec += offset / 1000 + (nanoseconds < 0 ? -1 : nanoseconds / 1000000000);
  time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
