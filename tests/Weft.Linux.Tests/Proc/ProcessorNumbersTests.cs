using Weft.Linux.Proc;

namespace Weft.Linux.Tests.Proc;

public sealed class ProcessorNumbersTests
{
    [Theory]
    [InlineData(1, "0", "1")]
    [InlineData(2, "0-1", "3")]
    [InlineData(5, "0-4", "1f")]
    [InlineData(32, "0-31", "ffffffff")]
    [InlineData(33, "0-32", "1,ffffffff")]
    [InlineData(70, "0-69", "3f,ffffffff,ffffffff")]
    public void Sets_are_printed_as_the_kernel_does(int count, string list, string mask)
    {
        Assert.Equal(list, ProcessorNumbers.List(count));
        Assert.Equal(mask, ProcessorNumbers.Mask(count));
        ulong[] words = [ulong.MaxValue, ulong.MaxValue];
        Assert.Equal(list, ProcessorNumbers.List(count, words));
        Assert.Equal(mask, ProcessorNumbers.Mask(count, words));
        Assert.Equal(Enumerable.Range(0, count), ProcessorNumbers.Parse(list + "\n"));
    }

    [Fact]
    public void Gaps_are_printed()
    {
        Assert.Equal("0,2-3,65", ProcessorNumbers.List(70, [0b1101, 2]));
        Assert.Equal([0, 2, 3, 65], ProcessorNumbers.Parse("0,2-3,65"));
        Assert.Equal("00,00000008,00000000", ProcessorNumbers.MaskOfOne(35, 70));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1-")]
    public void What_is_no_list_is_empty(string text) => Assert.Empty(ProcessorNumbers.Parse(text));
}
