// A load from the zero page.

int main(void)
{
    volatile char *volatile p = (volatile char *)8;
    return *p;
}
