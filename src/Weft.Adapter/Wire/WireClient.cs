using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>One question at a time over a connection to the daemon. Once the daemon is gone every question ends with EIO.</summary>
/// <remarks>Thread-safe: askers queue for the lock, which is held for a round trip. Owns the channel.</remarks>
internal sealed class WireClient(FrameChannel channel) : IDisposable
{
    private readonly Lock _lock = new();
    private uint _sequence;
    private bool _isBroken;

    /// <summary>Asks with plain arguments only.</summary>
    internal Errno Ask(ref FrameHeader frame) => Ask(ref frame, [], [], [], out _);

    /// <summary>
    /// Sends a frame and waits for its answer, which replaces it. The answer must have exactly the body asked for when it
    /// tells success; anything else breaks the connection.
    /// </summary>
    /// <param name="frame">Verb, context and plain arguments; then the answer's.</param>
    /// <param name="body">The structure behind the header.</param>
    /// <param name="extents">What follows it.</param>
    /// <param name="answer">Filled with the answer's body on success.</param>
    /// <param name="received">The descriptor that came, the caller's; -1 for none.</param>
    /// <param name="sent">Descriptors to send.</param>
    internal Errno Ask(ref FrameHeader frame, ReadOnlySpan<byte> body, ReadOnlySpan<MemoryExtent> extents, Span<byte> answer,
        out int received, params ReadOnlySpan<int> sent)
    {
        received = -1;
        ReadOnlySpan<byte> tail = MemoryMarshal.AsBytes(extents);
        if (tail.Length > FrameChannel.MostPayloadBytes - body.Length)
            return Errno.ENOMEM;
        Span<int> descriptors = stackalloc int[FrameChannel.MostDescriptors];
        lock (_lock)
        {
            if (_isBroken)
                return Errno.EIO;
            body.CopyTo(channel.Payload);
            tail.CopyTo(channel.Payload[body.Length..]);
            uint sequence = ++_sequence;
            WireVerb verb = frame.Verb;
            (frame.LengthBytes, frame.Sequence) = ((uint)(body.Length + tail.Length), sequence);
            if (!channel.Send(frame, sent) || !channel.Receive(out frame, descriptors))
                return BreakLocked();
            int count = (int)frame.DescriptorCount;
            bool fits = frame.Sequence == sequence && frame.Verb == verb && frame.Result is >= 0 and < 4096
                && (frame.Result == 0 ? frame.LengthBytes == answer.Length && count <= 1 : count == 0);
            if (!fits)
            {
                FrameChannel.Close(descriptors[..count]);
                return BreakLocked();
            }
            if (frame.Result == 0)
                channel.Payload[..answer.Length].CopyTo(answer);
            if (count == 1)
                received = descriptors[0];
            return (Errno)frame.Result;
        }
    }

    /// <summary>Makes every question fail, the one under way too.</summary>
    internal void Break() => channel.Shutdown();

    /// <summary>Closes the connection; the daemon then frees what the VM had.</summary>
    public void Dispose()
    {
        channel.Shutdown();
        lock (_lock)
        {
            _isBroken = true;
            channel.Dispose();
        }
    }

    private Errno BreakLocked()
    {
        _isBroken = true;
        channel.Shutdown();
        return Errno.EIO;
    }
}
