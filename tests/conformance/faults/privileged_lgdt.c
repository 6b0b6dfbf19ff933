// Nor are descriptor tables.

int main(void)
{
    char table[16] = { 0 };
    __asm__ volatile("lgdt %0" : : "m"(table));
    return 0;
}
