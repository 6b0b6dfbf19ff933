// Tries to get out of a narrowed file tree: "escape SECRET [DESCRIPTOR]". SECRET is the host's absolute path of a file
// that lies beside the root; DESCRIPTOR is an inherited one for its folder. Each attempt prints "held" or "ESCAPED".
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char *secret;
static atomic_int stop;

// A descriptor that reads the secret's text is an escape, however it came about.
static void judge(const char *attempt, int file)
{
    char text[64] = "";
    int out = file >= 0 && read(file, text, sizeof text - 1) > 0 && strstr(text, "top secret");
    printf("%s: %s\n", attempt, out ? "ESCAPED" : "held");
    if (file >= 0)
        close(file);
}

static void try_path(const char *attempt, const char *format)
{
    char path[4096];
    snprintf(path, sizeof path, format, secret);
    judge(attempt, open(path, O_RDONLY));
}

static void *swap(void *nothing)
{
    while (!stop) {
        rename("/deep/a/b", "/moved");
        rename("/moved", "/deep/a/b");
    }
    return nothing;
}

static void *swap_link(void *nothing)
{
    while (!stop) {
        syscall(SYS_renameat2, AT_FDCWD, "/flip", AT_FDCWD, "/flop", 2 /* RENAME_EXCHANGE */);
    }
    return nothing;
}

static void races(const char *name)
{
    char path[4096];
    pthread_t thread;
    mkdir("/deep", 0700);
    mkdir("/deep/a", 0700);
    mkdir("/deep/a/b", 0700);
    pthread_create(&thread, NULL, swap, NULL);
    int found = -1;
    snprintf(path, sizeof path, "/deep/a/b/../../../../../../%s", name);
    for (int i = 0; i < 2000 && found < 0; i++) {
        found = open(path, O_RDONLY);
        int folder = open("/deep/a/b", O_RDONLY | O_DIRECTORY);
        if (folder >= 0) {
            if (found < 0)
                found = openat(folder, "../../../../..//secret", O_RDONLY);
            close(folder);
        }
    }
    stop = 1;
    pthread_join(thread, NULL);
    judge("folder renamed in flight", found);
    stop = 0;
    mkdir("/flip", 0700);
    symlink("/..", "/flop");
    pthread_create(&thread, NULL, swap_link, NULL);
    found = -1;
    for (int i = 0; i < 2000 && found < 0; i++) {
        found = open("/flip/secret", O_RDONLY);
        if (found < 0)
            found = open("/flip/../secret", O_RDONLY);
    }
    stop = 1;
    pthread_join(thread, NULL);
    judge("folder exchanged for a link in flight", found);
}

static void through_proc(void)
{
    try_path("/proc/self/root", "/proc/self/root/..%s");
    try_path("/proc/self/root twice", "/proc/self/root/proc/self/root/../secret");
    try_path("/proc/self/cwd", "/proc/self/cwd/../../../..%s");
    try_path("/proc/1/root", "/proc/1/root%s");
    try_path("/proc/thread-self", "/proc/thread-self/root/../secret");
    int folder = open("/", O_RDONLY | O_DIRECTORY);
    char path[4096];
    snprintf(path, sizeof path, "/proc/self/fd/%d/../secret", folder);
    judge("/proc/self/fd of the root", open(path, O_RDONLY));
    judge("openat from the root's descriptor", openat(folder, "../secret", O_RDONLY));
    close(folder);
    char link[4096];
    snprintf(path, sizeof path, "/proc/%d/root/../secret", getppid());
    judge("/proc of the parent", open(path, O_RDONLY));
    judge("/proc/self/exe", (snprintf(link, sizeof link, "/proc/self/exe/../..%s", secret), open(link, O_RDONLY)));
    for (int number = 0; number < 512; number++) { // whatever descriptors the VMM itself may have
        snprintf(path, sizeof path, "/proc/self/fd/%d/secret", number);
        int file = open(path, O_RDONLY);
        if (file >= 0)
            judge("a descriptor under /proc/self/fd", file);
        snprintf(path, sizeof path, "/proc/self/fd/%d/../secret", number);
        if ((file = open(path, O_RDONLY)) >= 0)
            judge("above a descriptor under /proc/self/fd", file);
    }
}

static void by_links(void)
{
    symlink(secret, "/absolute");
    judge("absolute link", open("/absolute", O_RDONLY));
    symlink("../../../../secret", "/relative");
    judge("relative link", open("/relative", O_RDONLY));
    symlink("/..", "/up");
    try_path("link to /..", "/up/secret");
    symlink("/proc/self/root", "/magic");
    try_path("link to a magic link", "/magic/../secret");
    judge("hard link", link(secret, "/hard") == 0 ? open("/hard", O_RDONLY) : -1);
    judge("hard link from above", link("/../secret", "/hard2") == 0 ? open("/hard2", O_RDONLY) : -1);
    judge("rename from above", rename("/../secret", "/taken") == 0 ? open("/taken", O_RDONLY) : -1);
}

static void by_folders(void)
{
    for (int i = 0; i < 30; i++)
        if (chdir("..") != 0)
            break;
    judge("chdir upwards", open("secret", O_RDONLY));
    judge("chdir upwards and down again", open(secret + 1, O_RDONLY));
    int folder = open("/", O_RDONLY | O_DIRECTORY);
    mkdir("/jail", 0700);
    if (chroot("/jail") == 0) { // the classic: a folder kept open outside the new root
        if (fchdir(folder) == 0)
            for (int i = 0; i < 30; i++)
                if (chdir("..") != 0)
                    break;
        judge("chroot and back", open(secret + 1, O_RDONLY));
    } else {
        judge("chroot and back", -1);
    }
    judge("mount", mount(secret, "/jail", NULL, MS_BIND, NULL) == 0 ? open("/jail", O_RDONLY) : -1);
    close(folder);
}

// The host's own devices may be used, and stay as they are: setting the mode they have would be a change.
static void of_devices(void)
{
    struct stat status;
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || fstat(null, &status) != 0) {
        printf("/dev/null: not there\n");
        return;
    }
    printf("writing /dev/null: %s\n", write(null, "x", 1) == 1 ? "works" : "fails");
    printf("mode of a device: %s\n", fchmod(null, status.st_mode & 07777) == 0 ? "ESCAPED" : "held");
    printf("mode of a device by its path: %s\n", chmod("/dev/null", status.st_mode & 07777) == 0 ? "ESCAPED" : "held");
    printf("owner of a device: %s\n", fchown(null, status.st_uid, status.st_gid) == 0 ? "ESCAPED" : "held");
    struct timespec times[2] = { status.st_atim, status.st_mtim };
    printf("times of a device: %s\n", futimens(null, times) == 0 ? "ESCAPED" : "held");
    if (fstat(0, &status) == 0 && S_ISCHR(status.st_mode))
        printf("mode of a device that was passed in: %s\n", fchmod(0, status.st_mode & 07777) == 0 ? "ESCAPED" : "held");
    close(null);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    secret = argv[1];
    try_path("plain path", "%s");
    try_path("..", "/../secret");
    try_path("many ..", "/../../../../../../../..%s");
    try_path("dots and slashes", "/.//.././/..//./../secret");
    through_proc();
    by_links();
    races("secret");
    by_folders();
    of_devices();
    if (argc > 2) {
        int passed = atoi(argv[2]);
        judge("below an inherited descriptor", openat(passed, "secret", O_RDONLY));
        judge("inherited descriptor by /proc", open("/proc/self/fd/5/secret", O_RDONLY));
        judge("working directory from an inherited descriptor", fchdir(passed) == 0 ? open("secret", O_RDONLY) : -1);
    }
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s.socket", secret);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    printf("unix socket outside: %s\n", connect(client, (void *)&address, sizeof address) == 0 ? "ESCAPED" : "held");
    struct stat info;
    printf("stat: %s\n", stat(secret, &info) == 0 || stat("/../secret", &info) == 0 ? "ESCAPED" : "held");
    char name[] = "/../left-behind";
    int made = open(name, O_CREAT | O_WRONLY, 0600);
    if (made >= 0)
        close(made); // "/.." is "/": where it landed is for the caller to see
    puts("done");
    return 0;
}
