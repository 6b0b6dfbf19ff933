// Nor are control registers.

int main(void)
{
    __asm__ volatile("mov %%rax, %%cr3" : : "a"(0));
    return 0;
}
