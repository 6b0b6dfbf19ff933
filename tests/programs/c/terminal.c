// A full-screen program without a library: raw mode, window size and its changes, keys; 'q' ends it, Ctrl-C is told.
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t resized, interrupted;
static struct termios before;

static void on_resize(int number) { (void)number; resized = 1; }
static void on_interrupt(int number) { (void)number; interrupted = 1; }

static void show_size(void)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        printf("size %dx%d\r\n", size.ws_col, size.ws_row);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (!isatty(0) || !isatty(1) || tcgetattr(0, &before) != 0) {
        puts("no terminal");
        return 1;
    }
    struct sigaction resize = { .sa_handler = on_resize }, interrupt = { .sa_handler = on_interrupt };
    sigaction(SIGWINCH, &resize, NULL);
    sigaction(SIGINT, &interrupt, NULL);
    // Signals come during ppoll only, so that none falls between looking at the flags and waiting.
    sigset_t both, none;
    sigemptyset(&none);
    sigemptyset(&both);
    sigaddset(&both, SIGWINCH);
    sigaddset(&both, SIGINT);
    sigprocmask(SIG_BLOCK, &both, NULL);
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    tcsetattr(0, TCSAFLUSH, &raw);
    printf("\033[2J\033[Hready\r\n");
    show_size();
    for (;;) {
        struct pollfd key = { 0, POLLIN, 0 };
        int ready = ppoll(&key, 1, &(struct timespec){ 20, 0 }, &none);
        if (resized) {
            resized = 0;
            show_size();
        }
        if (interrupted) {
            interrupted = 0;
            printf("interrupted\r\n");
        }
        if (ready == 0)
            break;
        char byte;
        if (ready > 0 && read(0, &byte, 1) == 1) {
            printf("key %d\r\n", byte);
            if (byte == 'q')
                break;
        }
    }
    tcsetattr(0, TCSAFLUSH, &before);
    printf("bye\r\n");
    return 0;
}
