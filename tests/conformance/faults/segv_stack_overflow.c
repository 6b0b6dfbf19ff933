// Recursion without end on the main thread.

static int deeper(int n)
{
    volatile char frame[4096];
    frame[n % 4096] = (char)n;
    return n == -1 ? 0 : deeper(n + 1) + frame[0];
}

int main(void)
{
    return deeper(0);
}
