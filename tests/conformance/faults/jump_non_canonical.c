// A jump to a non-canonical address.

int main(void)
{
    void (*volatile f)(void) = (void (*)(void))0x8000000000000000UL;
    f();
    return 0;
}
