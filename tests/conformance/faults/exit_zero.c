// A plain return from main.

int main(void)
{
    return 0;
}
