using Weft.Linux.Loading;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Loading;

/// <summary>Random small programs, run by the kernel and foretold from their plans.</summary>
public sealed class LinuxAgreementTests(ITestOutputHelper output)
{
    private const int Exited = 42;
    private const int SegmentationFault = 128 + 11;

    private static readonly ulong[] Addresses = [0x400000, 0x401000, 0x3ff000, 0x402000, 0x400f00, 0x600010, 0x7fff_ffff_f000];
    private static readonly ulong[] Offsets = [0, 0x1000, 0xf00, 0x10, 0];
    private static readonly ulong[] Sizes = [0, 1, 0xf00, 0xf0c, 0x1000, 0x1800, 0x3000];

    [Fact]
    public void Random_programs_end_as_their_plans_foretell()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var scratch = new Scratch();
        int ran = 0;
        for (int i = 0; i < 150; i++)
        {
            TestElf elf = Make(random);
            byte[] bytes = elf.ToBytes();
            if (Foretell(bytes) is not { } expected)
                continue;
            Tools.Outcome outcome = Tools.Run(scratch.Executable($"program{i}", bytes));
            ran += outcome.ExitCode == Exited ? 1 : 0;
            int actual = outcome.Errno != 0 ? -outcome.Errno : outcome.ExitCode;
            Assert.True(
                expected == actual,
                $"seed {seed}, program {i}: foretold {expected}, was {actual}; type {elf.Type}\n{string.Join('\n', elf.Headers)}");
        }

        output.WriteLine($"{ran} ran to their end");
        Assert.InRange(ran, 10, 150);
    }

    /// <summary>Exit status, or a negative errno; null where the outcome depends on privileges or is ours alone.</summary>
    private static int? Foretell(byte[] bytes)
    {
        if (!ElfImage.TryParse(bytes, bytes.Length, ElfRole.Program, out ElfImage? image, out ElfFailure failure)
            || !LoadPlan.TryCreate(image, LoadPlacement.ProgramBias(image, 0), 4096, ElfRole.Program, out LoadPlan? plan, out failure))
        {
            return failure.Error switch
            {
                ElfError.Truncated or ElfError.AddressTooLow => null,
                ElfError.FileSizeExceedsMemorySize or ElfError.AddressOutOfRange or ElfError.Misaligned or ElfError.NoLoadSegments
                    => SegmentationFault,
                _ => -failure.Errno(ElfRole.Program),
            };
        }

        Dictionary<ulong, (byte[] Bytes, SegmentProtection Protection)> memory = Carry(plan, bytes);
        ulong page = plan.Entry & ~4095UL;
        bool runs = memory.TryGetValue(page, out (byte[] Bytes, SegmentProtection Protection) entry)
            && (entry.Protection & SegmentProtection.Execute) != 0
            && entry.Bytes.AsSpan((int)(plan.Entry & 4095)).StartsWith(bytes.AsSpan(TestElf.CodeOffset, 12));
        return runs ? Exited : SegmentationFault;
    }

    private static Dictionary<ulong, (byte[] Bytes, SegmentProtection Protection)> Carry(LoadPlan plan, byte[] file)
    {
        var memory = new Dictionary<ulong, (byte[] Bytes, SegmentProtection Protection)>();
        foreach (LoadAction action in plan.Actions)
        {
            if (action.Kind == LoadActionKind.Zero)
            {
                memory[action.Address & ~4095UL].Bytes.AsSpan((int)(action.Address & 4095), (int)action.Length).Clear();
                continue;
            }

            for (ulong at = 0; at < action.Length; at += 4096)
            {
                var page = new byte[4096];
                if (action.Kind == LoadActionKind.MapFile)
                {
                    ReadOnlySpan<byte> rest = file.AsSpan((int)(action.FileOffset + at));
                    rest[..Math.Min(4096, rest.Length)].CopyTo(page);
                }

                memory[action.Address + at] = (page, action.Protection);
            }
        }

        return memory;
    }

    private static TestElf Make(Random random)
    {
        // Zeros round the code: whatever else is jumped to faults at once.
        var elf = new TestElf { Type = (ushort)random.Next(2, 4), Length = 0x4000 };
        for (int i = random.Next(4); i > 0; i--)
        {
            ulong fileSize = Pick(random, Sizes);
            ulong memorySize = random.Next(8) == 0 ? Pick(random, Sizes) : fileSize + (random.Next(2) == 0 ? 0 : Pick(random, Sizes));
            ulong address = Pick(random, Addresses);
            ulong offset = random.Next(8) == 0 ? Pick(random, Offsets) : (ulong)random.Next(2) * 0x1000 + (address & 0xfff);
            uint flags = 4 + (uint)random.Next(4);

            // Linux puts a position-independent image at address 0 if its first segment has no file part; we don't follow it there.
            int first = elf.Type == 3 ? 1 : 0;
            elf.Headers.Insert(random.Next(first, elf.Headers.Count + 1), new(TestElf.Load, flags, offset, address, fileSize, memorySize, Pick(random, Sizes)));
        }

        if (random.Next(12) == 0)
            elf.Headers.Insert(0, new(TestElf.Interp, 4, 0, 0, Pick(random, [0, 1, 5000]), 0, 1));
        return elf;
    }

    private static ulong Pick(Random random, ulong[] from) => from[random.Next(from.Length)];
}
