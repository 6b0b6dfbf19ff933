// rt_sigreturn without a frame.

int main(void)
{
    __asm__ volatile("mov $0x1000, %rsp\n mov $15, %eax\n syscall");
    return 1;
}
