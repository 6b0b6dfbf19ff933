// The exit status is the program's own.

int main(void)
{
    return 42;
}
