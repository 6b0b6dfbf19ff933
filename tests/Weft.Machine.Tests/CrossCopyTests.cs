using Weft.Tests;

namespace Weft.Machine.Tests;

public class CrossCopyTests
{
    [Fact]
    public void The_code_is_what_its_source_assembles_to()
    {
        byte[]? assembled = Assembler.TryAssemble("src/Weft.Machine/CrossCopy.s");
        if (assembled is null)
            return; // no binutils here; CI has them
        Assert.Equal(CrossCopyCode.Code.ToArray(), assembled.AsSpan(0, CrossCopyCode.CodeEnd).ToArray());
    }

    [Theory]
    [InlineData(CrossCopyCode.CountIn, CrossCopyRange.CountingIn)]
    [InlineData(CrossCopyCode.CountIn - 4, CrossCopyRange.Outside)]
    [InlineData(CrossCopyCode.Counted, CrossCopyRange.Counted)]
    [InlineData(CrossCopyCode.DoneCount - 1, CrossCopyRange.Counted)]
    [InlineData(CrossCopyCode.DoneCount, CrossCopyRange.CountingDone)]
    [InlineData(CrossCopyCode.Done, CrossCopyRange.Outside)]
    [InlineData(CrossCopyCode.Leave, CrossCopyRange.Counted)]
    [InlineData(CrossCopyCode.LeaveCount, CrossCopyRange.CountingLeft)]
    [InlineData(CrossCopyCode.Left, CrossCopyRange.Outside)]
    public void Each_instruction_belongs_to_its_part(int offset, CrossCopyRange range) =>
        Assert.Equal(range, PeerWindows.RangeOf(SystemLayout.CrossCopyCode + (ulong)offset));
}
