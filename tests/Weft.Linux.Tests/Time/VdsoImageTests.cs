using System.Text;
using Weft.Linux.Time;

namespace Weft.Linux.Tests.Time;

public sealed class VdsoImageTests
{
    private const string Version = "LINUX_2.6";

    private static readonly string[] s_names = ["clock_gettime", "gettimeofday", "time", "clock_getres", "getcpu"];

    [Fact]
    public void The_constant_is_what_the_assembler_makes()
    {
        var built = VdsoImage.Build();
        if (Environment.GetEnvironmentVariable("WEFT_REGENERATE") is { } folder)
        {
            File.WriteAllText(Path.Combine(folder, "VdsoImage.Bytes.cs"), Source(built));
            return;
        }
        Assert.True(VdsoImage.Bytes.SequenceEqual(built), "Run this test with WEFT_REGENERATE=src/Weft.Linux/Time.");
        Assert.Equal(VdsoImage.SizeBytes, VdsoImage.Bytes.Length);
    }

    [Fact]
    public void It_is_one_read_execute_segment_at_address_zero()
    {
        var symbols = new VdsoSymbols(VdsoImage.Bytes);
        var (flags, offset, address, fileSize, memorySize) = Assert.Single(symbols.Loads);
        Assert.Equal(5u, flags);
        Assert.Equal(0, offset);
        Assert.Equal(0UL, address);
        Assert.Equal(fileSize, memorySize);
        Assert.InRange(fileSize, 1UL, (ulong)VdsoImage.SizeBytes);
        // glibc writes into PT_DYNAMIC unless it is marked read-only.
        Assert.Equal(4u, symbols.DynamicFlags);
        Assert.Equal("linux-vdso.so.1", symbols.SharedObjectName);
    }

    [Fact]
    public void Each_function_is_found_by_both_tables_and_by_its_weak_alias()
    {
        var symbols = new VdsoSymbols(VdsoImage.Bytes);
        var addresses = new HashSet<int>();
        foreach (var name in s_names)
        {
            var address = symbols.FindByHash("__vdso_" + name, Version);
            Assert.NotEqual(0, address);
            Assert.Equal(address, symbols.FindByGnuHash("__vdso_" + name, Version));
            Assert.Equal(address, symbols.FindByHash(name, Version));
            Assert.Equal(address, symbols.FindByGnuHash(name, Version));
            Assert.True(addresses.Add(address));
        }
    }

    [Theory]
    [InlineData("__vdso_getrandom", Version)]
    [InlineData("__vdso_time", "LINUX_2.5")]
    [InlineData("", Version)]
    public void What_is_not_there_is_not_found(string name, string version)
    {
        var symbols = new VdsoSymbols(VdsoImage.Bytes);
        Assert.Equal(0, symbols.FindByHash(name, version));
        Assert.Equal(0, symbols.FindByGnuHash(name, version));
    }

    private static string Source(byte[] image)
    {
        var used = image.AsSpan().TrimEnd((byte)0).Length;
        var text = new StringBuilder();
        text.Append("// Written by VdsoImageTests from VdsoCode and VdsoElf; see VdsoImage.Bytes.\n");
        text.Append("namespace Weft.Linux.Time;\n\npublic static partial class VdsoImage\n{\n");
        text.Append("    private static ReadOnlySpan<byte> Constant =>\n    [\n");
        for (var at = 0; at < image.Length; at += 32)
        {
            var line = image.AsSpan(at, 32);
            text.Append("        ");
            foreach (var value in line)
                text.Append(at > used ? $"{value}," : $"0x{value:X2},");
            text.Append('\n');
        }
        return text.Append("    ];\n}\n").ToString();
    }
}
