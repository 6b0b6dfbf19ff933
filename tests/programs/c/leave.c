// Ends in the way its arguments say: "exit N", "_exit N", "return N", "thread N", "abort", "signal N", or a fault by name.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void at_end(void) { puts("atexit ran"); }

static void *leave_from_thread(void *status)
{
    exit((int)(intptr_t)status);
}

static void fault(const char *kind)
{
    volatile int hundred = 100, zero = 0; // 1 / x would compile to comparisons
    if (!strcmp(kind, "null"))
        *(volatile int *)(intptr_t)zero = 1;
    else if (!strcmp(kind, "divide"))
        printf("%d\n", hundred / zero);
    else if (!strcmp(kind, "illegal"))
        __asm__ volatile("ud2");
    else if (!strcmp(kind, "trap"))
        __asm__ volatile("int3");
    else if (!strcmp(kind, "privileged"))
        __asm__ volatile("hlt");
    else if (!strcmp(kind, "port"))
        __asm__ volatile("inb $0x80, %%al" ::: "rax");
    else if (!strcmp(kind, "noncanonical"))
        *(volatile char *)0x8000000000000000 = 1;
    else if (!strcmp(kind, "jump"))
        ((void (*)(void))(intptr_t)(0xdead0000 + zero))();
    else if (!strcmp(kind, "stack"))
        __asm__ volatile("xor %%esp, %%esp; push %%rax" ::: "memory");
    else if (!strcmp(kind, "readonly")) {
        char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(volatile char *)page = 1;
    } else if (!strcmp(kind, "noexec")) {
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *page = (char)0xc3;
        ((void (*)(void))(intptr_t)page)();
    } else if (!strcmp(kind, "beyond")) {
        FILE *file = tmpfile();
        char *page = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fileno(file), 0);
        printf("%d\n", *(volatile char *)(page + 4096));
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    atexit(at_end);
    const char *how = argc > 1 ? argv[1] : "return";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    puts(how);
    if (!strcmp(how, "exit"))
        exit(number);
    if (!strcmp(how, "_exit"))
        _exit(number);
    if (!strcmp(how, "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, leave_from_thread, (void *)(intptr_t)number);
        for (;;)
            pause();
    }
    if (!strcmp(how, "last")) { // the first thread goes, another one ends the process
        pthread_t thread;
        pthread_create(&thread, NULL, leave_from_thread, (void *)(intptr_t)number);
        pthread_exit(NULL);
    }
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "signal")) {
        signal(number, SIG_DFL);
        raise(number);
        puts("still here");
        return 0;
    }
    if (!strcmp(how, "return"))
        return number;
    fault(how);
    puts("no fault");
    return 99;
}
