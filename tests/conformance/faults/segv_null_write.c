// A store to the zero page.

int main(void)
{
    volatile char *volatile p = (volatile char *)8;
    *p = 1;
    return 0;
}
