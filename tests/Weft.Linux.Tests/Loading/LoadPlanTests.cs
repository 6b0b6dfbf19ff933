using Weft.Linux.Loading;
using static Weft.Linux.Loading.LoadActionKind;

namespace Weft.Linux.Tests.Loading;

public sealed class LoadPlanTests
{
    private const SegmentProtection R = SegmentProtection.Read;
    private const SegmentProtection W = SegmentProtection.Write;
    private const SegmentProtection X = SegmentProtection.Execute;

    [Fact]
    public void Data_with_bss_is_file_pages_then_a_zeroed_tail_then_anonymous_pages()
    {
        LoadPlan plan = Plan(new(TestElf.Load, 6, 0x1234, 0x601234, 0x100, 0x3000, 0x1000));

        Assert.Equal(
            [
                new(MapFile, 0x601000, 0x1000, R | W, 0x1000),
                new(Zero, 0x601334, 0xccc, R | W, 0),
                new(MapAnonymous, 0x602000, 0x3000, R | W, 0),
            ],
            Tail(plan));
        Assert.Equal(0x605000UL, plan.BreakStart);
        Assert.Equal((0x400000UL, 0x605000UL), (plan.SpanStart, plan.SpanEnd));
    }

    [Fact]
    public void Bss_that_ends_in_the_last_file_page_needs_no_pages_but_the_page_is_zeroed_to_its_end()
        => Assert.Equal(
            [new(MapFile, 0x601000, 0x1000, R | W, 0x1000), new(Zero, 0x601100, 0xf00, R | W, 0)],
            Tail(Plan(new(TestElf.Load, 6, 0x1000, 0x601000, 0x100, 0x101, 0x1000))));

    [Fact]
    public void File_pages_that_fill_their_memory_keep_the_files_bytes_behind_them()
        => Assert.Equal(
            [new(MapFile, 0x601000, 0x1000, R | W, 0x1000)],
            Tail(Plan(new(TestElf.Load, 6, 0x1000, 0x601000, 0x100, 0x100, 0x1000))));

    [Fact]
    public void The_tail_of_a_page_that_cannot_be_written_is_not_zeroed_yet_bss_behind_it_is_writable()
        => Assert.Equal(
            [new(MapFile, 0x601000, 0x1000, R | X, 0x1000), new(MapAnonymous, 0x602000, 0x1000, R | W | X, 0)],
            Tail(Plan(new(TestElf.Load, 5, 0x1000, 0x601000, 0x100, 0x2000, 0x1000))));

    [Fact]
    public void Memory_without_a_file_part_is_anonymous_from_its_first_page()
        => Assert.Equal(
            [new(MapAnonymous, 0x601000, 0x2000, R | W, 0)],
            Tail(Plan(new(TestElf.Load, 6, 77, 0x601800, 0, 0x1000, 0x1000))));

    [Fact]
    public void An_empty_segment_maps_nothing_yet_moves_the_break()
    {
        LoadPlan plan = Plan(new(TestElf.Load, 6, 0, 0x900001, 0, 0, 0x1000));

        Assert.Empty(Tail(plan));
        Assert.Equal(0x901000UL, plan.BreakStart);
        Assert.Equal(0x401000UL, plan.SpanEnd);
    }

    [Fact]
    public void A_position_independent_program_starts_where_Linux_starts_it()
    {
        ElfImage image = Image(new TestElf { Type = 3, Entry = 0x123, Headers = { [0] = new(TestElf.Load, 5, 0, 0, 0x1000, 0x1000, 0x1000) } });
        LoadPlan plan = Plan(image, LoadPlacement.ProgramBias(image, 0));

        Assert.Equal(0x5555_5555_4000UL, plan.SpanStart);
        Assert.Equal(0x5555_5555_4123UL, plan.Entry);
        Assert.Equal(0x5555_5555_4040UL, plan.ProgramHeaderAddress);
    }

    [Theory]
    [InlineData(0x1000UL)]
    [InlineData(0x20_0000UL)]
    [InlineData(0x4000_0000UL)]
    public void Placement_keeps_the_alignment_whatever_the_random_number(ulong alignment)
    {
        var random = new Random(7);
        var elf = new TestElf { Type = 3, Headers = { [0] = new(TestElf.Load, 5, 0, 0x7000, 0x1000, 0x1000, alignment) } };
        elf.Entry = 0x7000 + TestElf.CodeOffset;
        ElfImage image = Image(elf);
        for (int i = 0; i < 1000; i++)
        {
            ulong number = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            LoadPlan plan = Plan(image, LoadPlacement.ProgramBias(image, number));
            Assert.Equal(0UL, plan.Bias % alignment);
            Assert.InRange(plan.SpanStart, LoadPlacement.DynamicBase - (2 * alignment), LoadPlacement.DynamicBase + (1UL << 40));
            ulong start = LoadPlacement.BreakStart(plan, number);
            Assert.Equal(0UL, start % 4096);
            Assert.InRange(start, plan.BreakStart, plan.BreakStart + (1UL << 30));

            ulong place = 0x7000_0000_0000 + ((number & 0xffff) << 12);
            LoadPlan loader = Plan(image, LoadPlacement.BiasAt(image, place));
            Assert.Equal(0UL, loader.Bias % alignment);
            Assert.InRange(loader.SpanStart, place, place + alignment - 1);
            Assert.True(loader.SpanEnd <= place + LoadPlacement.ReservationLength(image));
        }
    }

    [Fact]
    public void A_fixed_image_has_no_bias()
    {
        ElfImage image = Image(new TestElf());
        Assert.Equal(0UL, LoadPlacement.ProgramBias(image, 12345));
        Assert.Equal(0UL, LoadPlacement.BiasAt(image, 0x7000_0000_0000));
    }

    [Theory]
    [InlineData(1UL, ElfError.Misaligned)]
    [InlineData(0x7fff_ff00_0000UL, ElfError.AddressOutOfRange)]
    [InlineData(0xffff_ffff_ffc0_0000UL, ElfError.AddressTooLow)]
    [InlineData(0xffff_ffff_ffbf_f000UL, ElfError.AddressOutOfRange)]
    public void A_bias_that_leads_out_of_user_space_is_refused(ulong bias, ElfError expected)
    {
        var elf = new TestElf();
        elf.Headers.Add(new(TestElf.Load, 6, 0, 0x1400000, 0, 0x1000, 0x1000));
        Assert.False(LoadPlan.TryCreate(Image(elf), bias, 4096, ElfRole.Program, out _, out ElfFailure failure));
        Assert.Equal(expected, failure.Error);
    }

    [Fact]
    public void Larger_pages_are_used_where_the_file_allows_them_and_refused_where_not()
    {
        var elf = new TestElf { Length = 0x40_2000 };
        elf.Headers.Add(new(TestElf.Load, 6, 0x20_1000, 0x80_1000, 0x1000, 0x30_0000, 0x20_0000));
        Assert.True(LoadPlan.TryCreate(Image(elf), 0, 0x20_0000, ElfRole.Program, out LoadPlan? plan, out _));
        Assert.Equal(
            [
                new(MapFile, 0x80_0000, 0x20_0000, R | W, 0x20_0000),
                new(Zero, 0x80_2000, 0x1f_e000, R | W, 0),
                new(MapAnonymous, 0xa0_0000, 0x20_0000, R | W, 0),
            ],
            Tail(plan));

        elf.Headers.Add(new(TestElf.Load, 6, 0x1000, 0xc0_0000, 0x1000, 0x1000, 0x1000));
        Assert.False(LoadPlan.TryCreate(Image(elf), 0, 0x20_0000, ElfRole.Program, out _, out ElfFailure failure));
        Assert.Equal(ElfError.Misaligned, failure.Error);
    }

    [Fact]
    public void Only_a_program_with_an_interpreter_may_have_a_wild_entry()
    {
        var elf = new TestElf { Entry = ulong.MaxValue };
        elf.Headers.Add(new(TestElf.Interp, 4, 0, 0, 20, 20, 1));
        ElfImage image = Image(elf);
        Assert.True(LoadPlan.TryCreate(image, 0, 4096, ElfRole.Program, out _, out _));
        Assert.False(LoadPlan.TryCreate(image, 0, 4096, ElfRole.Interpreter, out _, out ElfFailure failure));
        Assert.Equal(ElfError.AddressOutOfRange, failure.Error);
    }

    private static LoadPlan Plan(TestElf.Header second)
    {
        var elf = new TestElf();
        elf.Headers.Add(second);
        return Plan(Image(elf), 0);
    }

    private static LoadPlan Plan(ElfImage image, ulong bias)
    {
        Assert.True(LoadPlan.TryCreate(image, bias, 4096, ElfRole.Program, out LoadPlan? plan, out ElfFailure failure), failure.Message);
        return plan;
    }

    private static ElfImage Image(TestElf elf)
    {
        byte[] bytes = elf.ToBytes();
        Assert.True(ElfImage.TryParse(bytes, bytes.Length, ElfRole.Program, out ElfImage? image, out ElfFailure failure), failure.Message);
        return image;
    }

    /// <summary>The actions behind the first, which is always that of the code.</summary>
    private static LoadAction[] Tail(LoadPlan plan) => plan.Actions[1..].ToArray();
}
