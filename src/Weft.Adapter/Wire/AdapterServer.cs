using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>
/// The daemon's end of one VM's connection: checks what comes, does it on the adapter, answers. Ends with the connection,
/// or at the first frame that no honest VM sends; all that the VM had is then freed.
/// </summary>
/// <remarks><see cref="Serve"/> runs on a thread of its own; everything else may be called from any thread.</remarks>
public sealed class AdapterServer
{
    private const int ExtentsPerToken = 256, TimeBytes = 16, Monotonic = 1, OfThread = 3;
    private const long NsPerSecond = 1_000_000_000;
    private readonly FrameChannel _channel;
    private readonly JoinVm _join;
    private readonly ServerLimits _limits;
    private readonly int _processId;
    private TokenBucket _calls, _processor;

    /// <summary>Serves a connection.</summary>
    /// <param name="socket">Owned from now on; <see cref="Serve"/> closes it.</param>
    /// <param name="processId">Who connected, as the host's kernel vouches for it.</param>
    /// <param name="join">Makes the VM known to the adapter.</param>
    /// <param name="limits">What it may ask.</param>
    public AdapterServer(int socket, int processId, JoinVm join, ServerLimits limits)
    {
        _channel = new FrameChannel(socket);
        (_processId, _join, _limits) = (processId, join, limits);
        _calls = new TokenBucket(limits.CallsPerSecond, limits.CallBurst, NowNs);
        // Its tokens are nanoseconds of processor time.
        _processor = new TokenBucket(limits.ProcessorShare * NsPerSecond, limits.ProcessorBurstNs, NowNs);
    }

    /// <summary>Adds a VM to the adapter. Descriptors stay the server's, which outlives the VM.</summary>
    /// <param name="identity">Who it is.</param>
    /// <param name="arenaDescriptor">Its arena: a memfd sealed against shrinking.</param>
    /// <param name="arenaBytes">The arena's size.</param>
    /// <param name="doorbell">Its doorbell page.</param>
    /// <param name="vm">The VM, which the server disposes of.</param>
    /// <returns>An errno when there is no room.</returns>
    public delegate Errno JoinVm(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm);

    /// <summary>How many control calls came, those refused among them.</summary>
    public long Calls => Volatile.Read(ref _callCount);

    /// <summary>How long the VM was made to wait for the sake of the others, in nanoseconds.</summary>
    public long HeldBackNs => Volatile.Read(ref _heldBackNs);

    private static long NowNs => (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds;

    /// <summary>Makes <see cref="Serve"/> return soon.</summary>
    public void Stop() => _channel.Shutdown();

    /// <summary>Serves until the connection ends. Never throws for what the VM sends.</summary>
    public void Serve()
    {
        Span<int> descriptors = stackalloc int[FrameChannel.MostDescriptors];
        try
        {
            if (!_channel.Receive(out FrameHeader frame, descriptors))
                return;
            ReadOnlySpan<int> given = descriptors[..(int)frame.DescriptorCount];
            if (frame.Verb != WireVerb.Hello || given.Length != Hello.Descriptors || frame.First != Hello.Version
                || Hello.Read(frame, _channel.Payload, _processId) is not { } identity
                || !DescriptorCheck.IsArena(given[0], frame.Second) || !DescriptorCheck.IsEvent(given[1])
                || !DescriptorCheck.IsSocketOf(given[2], _processId))
            {
                FrameChannel.Close(given);
                Answer(frame, frame.Verb == WireVerb.Hello && frame.First != Hello.Version ? Errno.EPROTO : Errno.EINVAL, 0);
                return;
            }
            ServeVm(frame, identity, given[0], given[1], given[2]);
        }
        finally
        {
            _channel.Dispose();
        }
    }

    private void ServeVm(FrameHeader hello, VmIdentity identity, int arena, int doorbellEvent, int control)
    {
        using SocketDoorbell doorbell = new(doorbellEvent, control);
        try
        {
            Errno error = _join(identity, arena, hello.Second, doorbell, out IAdapterVm? joined);
            if (error != Errno.None || joined is null)
            {
                Answer(hello, error == Errno.None ? Errno.ENOMEM : error, 0);
                return;
            }
            using IAdapterVm vm = joined;
            DeviceAttributes device = vm.Device;
            MemoryMarshal.Write(_channel.Payload, in device);
            using VmSession session = new(vm, _channel, _limits.MostContexts);
            if (Answer(hello, Errno.None, (uint)Unsafe.SizeOf<DeviceAttributes>()))
                ServeCalls(session);
        }
        finally
        {
            UnixSocket.Close(arena);
        }
    }

    private void ServeCalls(VmSession session)
    {
        Span<int> descriptors = stackalloc int[FrameChannel.MostDescriptors];
        using NativeBuffer time = new(TimeBytes);
        long takenNs = ReadProcessorNs(time);
        while (_channel.Receive(out FrameHeader frame, descriptors))
        {
            long processorNs = ReadProcessorNs(time);
            HoldBack(time, 1 + (double)frame.LengthBytes / (ExtentsPerToken * Unsafe.SizeOf<MemoryExtent>()), processorNs - takenNs);
            takenNs = processorNs;
            Volatile.Write(ref _callCount, _callCount + 1);
            ReadOnlySpan<int> given = descriptors[..(int)frame.DescriptorCount];
            Errno error;
            int returned;
            try
            {
                error = session.Do(ref frame, given, out returned);
            }
            finally
            {
                FrameChannel.Close(given);
            }
            bool isSent = error == Errno.None && returned >= 0
                ? _channel.Send(frame with { Result = 0 }, [returned])
                : Answer(frame, error, error == Errno.None ? frame.LengthBytes : 0);
            if (returned >= 0)
                FrameChannel.Close([returned]);
            if (!isSent || error == Errno.EPROTO)
                return;
        }
    }

    private bool Answer(FrameHeader frame, Errno error, uint lengthBytes)
    {
        (frame.Result, frame.LengthBytes) = ((int)error, lengthBytes);
        return _channel.Send(frame, []);
    }

    /// <summary>Before a call: waits for what it is worth, and for what those before took of the processor.</summary>
    private void HoldBack(NativeBuffer time, double tokens, long processorNs)
    {
        long nowNs = NowNs, waitNs = Math.Max(_calls.Take(tokens, nowNs), _processor.Take(processorNs, nowNs));
        if (waitNs <= 0)
            return;
        Volatile.Write(ref _heldBackNs, _heldBackNs + waitNs);
        MemoryMarshal.Write(time.Span, waitNs / NsPerSecond);
        MemoryMarshal.Write(time.Span[sizeof(long)..], waitNs % NsPerSecond);
        HostStubs.Call(SystemCall.ClockNanosleep, Monotonic, 0, (long)time.Address.Value, 0);
    }

    /// <summary>What this thread took of the processor.</summary>
    private static long ReadProcessorNs(NativeBuffer time)
    {
        HostStubs.Call(SystemCall.ClockGettime, OfThread, (long)time.Address.Value);
        return BitConverter.ToInt64(time.Span) * NsPerSecond + BitConverter.ToInt64(time.Span[sizeof(long)..]);
    }

    private long _callCount, _heldBackNs;
}
