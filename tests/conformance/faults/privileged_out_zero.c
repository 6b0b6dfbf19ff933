// Nor is any low port.

int main(void)
{
    __asm__ volatile("outl %%eax, $0" : : "a"(0));
    return 0;
}
