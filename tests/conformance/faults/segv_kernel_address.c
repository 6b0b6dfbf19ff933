// A load from the kernel's half.

int main(void)
{
    volatile char *volatile p = (volatile char *)0xffffffff81000000UL;
    return *p;
}
