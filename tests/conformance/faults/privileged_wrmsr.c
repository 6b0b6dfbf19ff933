// Nor are model-specific registers.

int main(void)
{
    __asm__ volatile("wrmsr" : : "a"(0), "c"(0x10), "d"(0));
    return 0;
}
