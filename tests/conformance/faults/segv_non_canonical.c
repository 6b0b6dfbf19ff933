// A load from a non-canonical address.

int main(void)
{
    volatile char *volatile p = (volatile char *)0x8000000000000000UL;
    return *p;
}
