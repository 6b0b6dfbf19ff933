using System.Buffers.Binary;
using Weft.Linux.Signals;

namespace Weft.Linux.Tests.Signals;

public sealed class VectorStateLayoutTests
{
    private const int LegacyBytes = 512, SoftwareAt = 464, PresentAt = 512, CompactionAt = 520, ReservedAt = 528, MxcsrAt = 24, XmmAt = 160;
    private const ulong SseOnly = 3;
    private readonly VectorStateLayout _layout = new(SseOnly);

    [Fact]
    public void A_frame_describes_itself_as_extended()
    {
        byte[] inFrame = Describe(new byte[_layout.AreaBytes]);
        Assert.Equal(0x46505853u, BinaryPrimitives.ReadUInt32LittleEndian(inFrame.AsSpan(SoftwareAt)));
        Assert.Equal((uint)inFrame.Length, BinaryPrimitives.ReadUInt32LittleEndian(inFrame.AsSpan(SoftwareAt + 4)));
        Assert.Equal(SseOnly, BinaryPrimitives.ReadUInt64LittleEndian(inFrame.AsSpan(SoftwareAt + 8)));
        Assert.Equal((uint)_layout.AreaBytes, BinaryPrimitives.ReadUInt32LittleEndian(inFrame.AsSpan(SoftwareAt + 16)));
        Assert.Equal(0x46505845u, BinaryPrimitives.ReadUInt32LittleEndian(inFrame.AsSpan(_layout.AreaBytes)));
        Assert.Equal(3UL, BinaryPrimitives.ReadUInt64LittleEndian(inFrame.AsSpan(PresentAt)));
    }

    [Fact]
    public void What_a_frame_saved_is_restored()
    {
        byte[] state = RandomState(out _);
        byte[] restored = new byte[_layout.AreaBytes];
        byte[] inFrame = Describe(state);
        Assert.Equal(inFrame.Length, _layout.BytesToRead(inFrame.AsSpan(0, LegacyBytes)));
        Assert.True(_layout.TryRestore(inFrame, restored));
        Assert.Equal(state.AsSpan(0, SoftwareAt), restored.AsSpan(0, SoftwareAt));
    }

    [Fact]
    public void Without_the_magic_number_only_the_legacy_part_counts()
    {
        byte[] inFrame = Describe(RandomState(out _));
        inFrame[SoftwareAt] ^= 1;
        inFrame[ReservedAt] = 1;
        Assert.Equal(LegacyBytes, _layout.BytesToRead(inFrame.AsSpan(0, LegacyBytes)));
        byte[] restored = new byte[_layout.AreaBytes];
        Assert.True(_layout.TryRestore(inFrame.AsSpan(0, LegacyBytes), restored));
        Assert.Equal(inFrame.AsSpan(0, SoftwareAt), restored.AsSpan(0, SoftwareAt));
    }

    [Fact]
    public void Components_that_are_not_present_get_their_initial_state()
    {
        byte[] inFrame = Describe(RandomState(out _));
        BinaryPrimitives.WriteUInt64LittleEndian(inFrame.AsSpan(PresentAt), 0);
        byte[] restored = new byte[_layout.AreaBytes];
        Assert.True(_layout.TryRestore(inFrame, restored));
        Assert.Equal(0x37f, BinaryPrimitives.ReadUInt16LittleEndian(restored));
        Assert.False(restored.AsSpan(XmmAt, 256).ContainsAnyExcept((byte)0));
        // As XRSTOR does: MXCSR comes from memory whether or not SSE's registers do.
        Assert.Equal(inFrame.AsSpan(MxcsrAt, 4), restored.AsSpan(MxcsrAt, 4));
    }

    [Theory]
    [InlineData(PresentAt, 0x80)]
    [InlineData(CompactionAt, 1)]
    [InlineData(ReservedAt, 1)]
    [InlineData(PresentAt + 63, 1)]
    public void A_header_that_the_processor_would_fault_on_is_refused(int at, int value)
    {
        byte[] inFrame = Describe(new byte[_layout.AreaBytes]);
        inFrame[at] = (byte)value;
        Assert.False(_layout.TryRestore(inFrame, new byte[_layout.AreaBytes]));
    }

    [Fact]
    public void Random_frames_never_give_more_than_the_enabled_components()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        byte[] inFrame = new byte[_layout.FrameBytes], restored = new byte[4096];
        for (int round = 0; round < 5_000; round++)
        {
            random.NextBytes(inFrame);
            if (random.Next(2) == 0)
                _layout.Describe(inFrame.AsSpan(0, _layout.AreaBytes).ToArray(), inFrame);
            int length = _layout.BytesToRead(inFrame.AsSpan(0, LegacyBytes));
            if (!_layout.TryRestore(inFrame.AsSpan(0, length), restored))
                continue;
            Assert.True((BinaryPrimitives.ReadUInt64LittleEndian(restored.AsSpan(PresentAt)) & ~SseOnly) == 0, $"seed {seed}, round {round}");
            Assert.False(restored.AsSpan(CompactionAt, 56).ContainsAnyExcept((byte)0), $"seed {seed}, round {round}");
        }
    }

    private byte[] Describe(byte[] state)
    {
        byte[] inFrame = new byte[_layout.FrameBytes];
        _layout.Describe(state, inFrame);
        return inFrame;
    }

    private byte[] RandomState(out int seed)
    {
        seed = Environment.TickCount;
        byte[] state = new byte[_layout.AreaBytes];
        new Random(seed).NextBytes(state);
        state.AsSpan(PresentAt, 64).Clear();
        return state;
    }
}
