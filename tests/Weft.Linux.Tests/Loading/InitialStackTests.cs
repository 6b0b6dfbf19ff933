using System.Globalization;
using System.Text;
using Weft.Linux.Loading;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Loading;

public sealed class InitialStackTests(ITestOutputHelper output)
{
    private const ulong Top = 0x7fff_ffff_f000;

    // Writes its stack from argc up to the top, after a line with the address of argc.
    private const string DumpStack = """
        #include <stdio.h>
        #include <unistd.h>
        #include <sys/auxv.h>
        #include <string.h>
        int main(int argc, char **argv) {
            char *from = (char *)(argv - 1);
            char *path = (char *)getauxval(AT_EXECFN);
            char *to = path + strlen(path) + 1 + 8;
            (void)argc;
            dprintf(1, "%lx\n", (unsigned long)from);
            return write(1, from, to - from) == to - from ? 0 : 1;
        }
        """;

    [Fact]
    public void A_stack_reads_back_as_it_was_asked_for()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int i = 0; i < 200; i++)
        {
            InitialStackRequest request = Request() with
            {
                StackTop = Top - ((ulong)random.Next(100) * 16),
                Arguments = Strings(random, random.Next(1, 30)),
                Environment = Strings(random, random.Next(30)),
                ExecutedPath = Strings(random, 1)[0],
                ShiftRandom = (ulong)random.Next(20000),
            };
            Assert.True(InitialStack.TryBuild(request, out InitialStack? stack, out InitialStackError error), error.ToString());
            AssertHolds(request, stack);
        }
    }

    [RequiresToolsFact("gcc", "setarch", "env")]
    public void A_stack_is_laid_out_as_Linux_lays_it_out()
    {
        using var scratch = new Scratch();
        string path = scratch.Compile("dump", DumpStack);
        Tools.Outcome outcome = Tools.Run(Tools.Find("setarch")!, "-R", "env", "-i", "A=1", "LONGER=two words", path, "", "arg");
        int line = Array.IndexOf(outcome.Output, (byte)'\n');
        ulong address = ulong.Parse(Encoding.ASCII.GetString(outcome.Output, 0, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        byte[] native = outcome.Output[(line + 1)..];
        var expected = new StackReader(native, address);

        Assert.True(InitialStack.TryBuild(RequestFor(expected, address + (ulong)native.Length), out InitialStack? stack, out _));
        var actual = new StackReader(stack.Bytes, stack.StackPointer);

        // Linux's vector also has entries of rseq, and more with a later kernel; ours are the same without them, in the same order.
        Assert.Equal(expected.Auxiliary.Where(e => Enum.IsDefined((AuxiliaryType)e.Type)), actual.Auxiliary);
        Assert.Equal(expected.Arguments, actual.Arguments);
        Assert.Equal(expected.Environment, actual.Environment);
        ulong random = expected.Value((ulong)AuxiliaryType.Random);
        Assert.Equal(expected.From(random), actual.From(random));
        ulong difference = (ulong)(expected.Auxiliary.Count - actual.Auxiliary.Count) * 16;
        Assert.Equal(address, (stack.StackPointer - difference) & ~15UL);
    }

    [Fact]
    public void No_arguments_become_one_empty_argument()
    {
        Assert.True(InitialStack.TryBuild(Request() with { Arguments = [] }, out InitialStack? stack, out _));
        var reader = new StackReader(stack.Bytes, stack.StackPointer);
        Assert.Empty(reader.Text(Assert.Single(reader.Arguments)));
    }

    [Fact]
    public void Without_a_vdso_its_entry_is_left_out()
    {
        InitialStackRequest request = Request();
        request = request with { Auxiliary = request.Auxiliary with { VdsoHeader = 0 } };
        Assert.True(InitialStack.TryBuild(request, out InitialStack? stack, out _));
        Assert.DoesNotContain(new StackReader(stack.Bytes, stack.StackPointer).Auxiliary, e => e.Type == 33);
    }

    [Theory]
    [InlineData((128 << 10) - 1, InitialStackError.None)]
    [InlineData(128 << 10, InitialStackError.TooLong)]
    public void One_string_may_have_128_KiB_with_its_nul(int length, InitialStackError expected)
    {
        byte[] text = new byte[length];
        text.AsSpan().Fill((byte)'x');
        Assert.Equal(expected, Build(Request() with { Arguments = [text] }));
        Assert.Equal(expected, Build(Request() with { Environment = [text] }));
        Assert.Equal(expected, Build(Request() with { ExecutedPath = text }));
    }

    [Theory]
    [InlineData(8UL << 20, 2 << 20)]
    [InlineData(1UL << 40, 6 << 20)]
    [InlineData(0UL, 128 << 10)]
    public void All_strings_with_their_pointers_may_have_a_quarter_of_the_stack(ulong stackLimit, int total)
    {
        // Each takes 1016 bytes, its NUL and its pointer; the path takes 1 byte; what is left goes to the last.
        InitialStackRequest request = Request() with { StackLimit = stackLimit, ExecutedPath = [] };
        byte[][] many = [.. Enumerable.Repeat(Filled(1015), (total / 1024) - 1)];
        Assert.Equal(InitialStackError.None, Build(request with { Arguments = [.. many, Filled(1014)], Environment = [] }));
        Assert.Equal(InitialStackError.TooLong, Build(request with { Arguments = [.. many, Filled(1015)], Environment = [] }));
        byte[][] empty = [.. Enumerable.Repeat(Array.Empty<byte>(), total / 8)];
        Assert.Equal(InitialStackError.TooLong, Build(request with { Arguments = [], Environment = empty }));
    }

    [Fact]
    public void A_nul_within_a_string_is_refused()
        => Assert.Equal(InitialStackError.EmbeddedNul, Build(Request() with { Environment = ["a\0b"u8.ToArray()] }));

    [Fact]
    public void A_caller_that_gives_no_proper_top_or_random_bytes_is_told()
    {
        Assert.Throws<ArgumentException>(() => Build(Request() with { StackTop = Top - 8 }));
        Assert.Throws<ArgumentException>(() => Build(Request() with { StackTop = Top + 0x1000 }));
        Assert.Throws<ArgumentException>(() => Build(Request() with { StackTop = 64 }));
        Assert.Throws<ArgumentException>(() => Build(Request() with { RandomBytes = new byte[15] }));
    }

    private static void AssertHolds(InitialStackRequest request, InitialStack stack)
    {
        var reader = new StackReader(stack.Bytes, stack.StackPointer);
        AuxiliaryValues values = request.Auxiliary;

        Assert.Equal(0UL, stack.StackPointer % 16);
        Assert.Equal(request.StackTop, stack.StackPointer + (ulong)stack.Bytes.Length);
        Assert.Equal(request.Arguments, reader.Arguments.Select(reader.Text));
        Assert.Equal(request.Environment, reader.Environment.Select(reader.Text));
        Assert.Equal(
            [
                (33, values.VdsoHeader), (51, values.MinimumSignalStack), (16, values.HardwareCapabilities), (6, 4096), (17, 100),
                (3, values.ProgramHeaderAddress), (4, 56), (5, (ulong)values.ProgramHeaderCount), (7, values.InterpreterBase), (8, 0),
                (9, values.Entry), (11, 1), (12, 2), (13, 3), (14, 4), (23, 1), (25, reader.Value(25)), (26, 2), (31, reader.Value(31)),
                (15, reader.Value(15)),
            ],
            reader.Auxiliary);
        Assert.Equal(request.RandomBytes, reader.From(reader.Value(25))[..16].ToArray());
        Assert.Equal("x86_64"u8.ToArray(), reader.Text(reader.Value(15)));
        Assert.Equal(request.ExecutedPath, reader.Text(reader.Value(31)));
        Assert.Equal(stack.ArgumentsStart, reader.Arguments[0]);
        Assert.Equal(stack.EnvironmentStart, request.Environment.Count == 0 ? stack.EnvironmentEnd : reader.Environment[0]);
        Assert.Equal(stack.EnvironmentEnd, reader.Value(31));
        Assert.Equal((stack.AuxiliaryStart, stack.AuxiliaryStart + (ulong)stack.AuxiliaryLength), (reader.AuxiliaryStart, reader.AuxiliaryEnd));
    }

    private static InitialStackRequest RequestFor(StackReader native, ulong top) => new()
    {
        StackTop = top,
        Arguments = [.. native.Arguments.Select(native.Text)],
        Environment = [.. native.Environment.Select(native.Text)],
        ExecutedPath = native.Text(native.Value(31)),
        RandomBytes = native.From(native.Value(25))[..16].ToArray(),
        Auxiliary = new()
        {
            VdsoHeader = native.Value(33),
            MinimumSignalStack = native.Value(51),
            HardwareCapabilities = (uint)native.Value(16),
            HardwareCapabilities2 = (uint)native.Value(26),
            ProgramHeaderAddress = native.Value(3),
            ProgramHeaderCount = (int)native.Value(5),
            InterpreterBase = native.Value(7),
            Entry = native.Value(9),
            UserId = (uint)native.Value(11),
            EffectiveUserId = (uint)native.Value(12),
            GroupId = (uint)native.Value(13),
            EffectiveGroupId = (uint)native.Value(14),
            Secure = native.Value(23) != 0,
        },
    };

    private static InitialStackRequest Request() => new()
    {
        StackTop = Top,
        Arguments = ["/bin/true"u8.ToArray()],
        Environment = ["A=B"u8.ToArray()],
        ExecutedPath = "/bin/true"u8.ToArray(),
        RandomBytes = [.. Enumerable.Range(100, 16).Select(i => (byte)i)],
        Auxiliary = new()
        {
            VdsoHeader = 0x7fff_f7fc_1000,
            MinimumSignalStack = 3632,
            HardwareCapabilities = 0x1f8b_fbff,
            HardwareCapabilities2 = 2,
            ProgramHeaderAddress = 0x5555_5555_4040,
            ProgramHeaderCount = 13,
            InterpreterBase = 0x7fff_f7fc_3000,
            Entry = 0x5555_5555_63d0,
            UserId = 1,
            EffectiveUserId = 2,
            GroupId = 3,
            EffectiveGroupId = 4,
            Secure = true,
        },
    };

    private static InitialStackError Build(InitialStackRequest request)
    {
        InitialStack.TryBuild(request, out _, out InitialStackError error);
        return error;
    }

    private static byte[] Filled(int length)
    {
        var text = new byte[length];
        text.AsSpan().Fill((byte)'x');
        return text;
    }

    private static byte[][] Strings(Random random, int count)
    {
        var strings = new byte[count][];
        for (int i = 0; i < count; i++)
            strings[i] = [.. Enumerable.Range(0, random.Next(60)).Select(_ => (byte)random.Next(1, 256))];
        return strings;
    }
}
