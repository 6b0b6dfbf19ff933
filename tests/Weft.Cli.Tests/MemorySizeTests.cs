namespace Weft.Cli.Tests;

public sealed class MemorySizeTests
{
    [Theory]
    [InlineData("0", 0UL)]
    [InlineData("4096", 4096UL)]
    [InlineData("17B", 17UL)]
    [InlineData("1K", 1024UL)]
    [InlineData("1k", 1024UL)]
    [InlineData("2KiB", 2048UL)]
    [InlineData("3kB", 3000UL)]
    [InlineData("512M", 512UL << 20)]
    [InlineData("1.5G", 3UL << 29)]
    [InlineData(".5G", 1UL << 29)]
    [InlineData("2TiB", 2UL << 40)]
    [InlineData("1TB", 1_000_000_000_000UL)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void Sizes_are_read(string text, ulong bytes)
    {
        Assert.True(MemorySize.TryParse(text, out ulong read, out string error), error);
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("", "not a size")]
    [InlineData("G", "not a size")]
    [InlineData("-1G", "not a size")]
    [InlineData("1.2.3", "not a size")]
    [InlineData("1X", "'X' is not a unit")]
    [InlineData("1GiBs", "'GiBs' is not a unit")]
    [InlineData("1 G", "' G' is not a unit")]
    [InlineData("16777216T", "more than a 64-bit machine")]
    public void Other_texts_are_refused_with_the_reason(string text, string reason)
    {
        Assert.False(MemorySize.TryParse(text, out _, out string error));
        Assert.Contains(reason, error);
    }

    [Fact]
    public void What_is_formatted_reads_back_the_same()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < 5000; round++)
        {
            ulong bytes = (ulong)random.NextInt64() >> random.Next(63) << random.Next(20);
            string text = MemorySize.Format(bytes);
            Assert.True(MemorySize.TryParse(text, out ulong read, out string error), $"seed {seed}: {text}: {error}");
            Assert.True(bytes == read, $"seed {seed}: {bytes} became {text} became {read}");
        }
    }

    [Fact]
    public void No_text_makes_the_parser_fail()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        const string letters = "0123456789.kKmMgGtTiBb -+eE\0é";
        for (int round = 0; round < 5000; round++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(12)).Select(_ => letters[random.Next(letters.Length)])]);
            bool valid = MemorySize.TryParse(text, out _, out string error);
            Assert.True(valid == (error.Length == 0), $"seed {seed}: '{text}'");
        }
    }
}
