using Weft.Tests;

namespace Weft.Machine.Tests;

public class SystemCallStubTests
{
    [Fact]
    public void The_code_is_what_its_source_assembles_to()
    {
        byte[]? assembled = Assembler.TryAssemble("src/Weft.Machine/SystemCallStub.s");
        if (assembled is null)
            return; // no binutils here; CI has them
        Assert.Equal(SystemCallStub.Code.ToArray(), assembled.AsSpan(0, SystemCallStub.CodeEnd).ToArray());
    }
}
