using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>A VM's doorbell page, in the daemon: asks the VM over its control socket, a byte for a byte.</summary>
/// <remarks>One thread at a time. Owns both descriptors.</remarks>
internal sealed class SocketDoorbell(int eventDescriptor, int control) : IDoorbell, IDisposable
{
    /// <summary>Asks for, and confirms, a page that traps; and one that is plain memory.</summary>
    internal const byte Trap = (byte)'T', Plain = (byte)'P';

    /// <summary>Tells that neither could be had: the page is as it was.</summary>
    internal const byte Failed = (byte)'F';

    // A VM that runs answers within tens of microseconds; one that is stopped must not hold up the engine.
    private const int PatienceMs = 2;
    private const int MostOutstanding = 16;
    private const int NoSignal = 0x4000, DoNotWait = 0x40, PollIn = 1;
    private const int ByteOffset = 0, PollOffset = 8, PollBytes = 8;
    private readonly NativeBuffer _buffer = new(64);
    private byte _asked, _inForce;
    private int _outstanding;

    /// <inheritdoc/>
    public int EventDescriptor => eventDescriptor;

    /// <inheritdoc/>
    public bool SetTrapping(bool isTrapping)
    {
        byte wanted = isTrapping ? Trap : Plain;
        TakeAnswers();
        if (_asked != wanted && _outstanding < MostOutstanding && Ask(wanted))
            for (long endMs = Environment.TickCount64 + PatienceMs; _outstanding > 0 && Environment.TickCount64 <= endMs;)
                if (!WaitForAnswer())
                    break;
        return _outstanding == 0 && _inForce == wanted;
    }

    /// <summary>Closes the descriptors. The engine must have let go of the VM.</summary>
    public void Dispose()
    {
        UnixSocket.Close(eventDescriptor);
        UnixSocket.Close(control);
        _buffer.Dispose();
    }

    private bool Ask(byte wanted)
    {
        _buffer.Span[ByteOffset] = wanted;
        if (HostStubs.Call(SystemCall.Sendto, control, (long)_buffer.Address.Value + ByteOffset, 1, NoSignal | DoNotWait) != 1)
            return false;
        _asked = wanted;
        _outstanding++;
        return true;
    }

    private bool WaitForAnswer()
    {
        Span<byte> poll = _buffer.Span.Slice(PollOffset, PollBytes);
        BinaryPrimitives.WriteInt32LittleEndian(poll, control);
        BinaryPrimitives.WriteInt32LittleEndian(poll[sizeof(int)..], PollIn);
        long ready = HostStubs.Call(SystemCall.Poll, (long)_buffer.Address.Value + PollOffset, 1, PatienceMs);
        return ready == -(long)Errno.EINTR || ready > 0 && TakeAnswers();
    }

    /// <summary>Takes what answers there are. False when there was none, as when the VM is gone.</summary>
    private bool TakeAnswers()
    {
        bool any = false;
        while (_outstanding > 0
            && HostStubs.Call(SystemCall.Recvfrom, control, (long)_buffer.Address.Value + ByteOffset, 1, DoNotWait) == 1)
        {
            _inForce = _buffer.Span[ByteOffset];
            // What failed is to be asked again.
            if (_inForce == Failed)
                _asked = 0;
            _outstanding--;
            any = true;
        }
        return any;
    }
}
