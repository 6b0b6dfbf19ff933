// A store to the program's own text.

int main(void)
{
    volatile char *p = (volatile char *)main;
    *p = 1;
    return 0;
}
