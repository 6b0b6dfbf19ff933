using System.Runtime.InteropServices;
using Weft.Linux.Sockets;
using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Sockets;

public sealed class DescriptorPassingTests : IDisposable
{
    private readonly CallFixture _guest = new();

    public void Dispose() => _guest.Dispose();

    [KvmFact]
    public void Received_descriptors_are_the_programs_own_numbers()
    {
        (ulong a, ulong b) = Pair();
        ulong counter = _guest.Succeed(SystemCall.Eventfd2, 7, 0);
        Send(a, Rights((int)counter));
        MessageHeader received = Receive(b, 64, 0, out GuestVirtualAddress control);
        Assert.Equal(24u, received.ControlLength);
        int descriptor = _guest.Get<int>(control, 4);
        Assert.NotEqual((int)counter, descriptor);
        GuestVirtualAddress value = _guest.Map(1);
        Assert.Equal(8u, _guest.Succeed(SystemCall.Read, (ulong)descriptor, value.Value, 8));
        Assert.Equal(7ul, _guest.Get<ulong>(value));
        Assert.False(_guest.Process.Files.GetCloseOnExec(descriptor));
    }

    [KvmFact]
    public void Close_on_exec_is_the_receivers_choice()
    {
        (ulong a, ulong b) = Pair();
        Send(a, Rights((int)_guest.Succeed(SystemCall.Eventfd2, 0, 0)));
        MessageHeader received = Receive(b, 64, SocketFlags.CloseReceivedOnExec, out GuestVirtualAddress control);
        Assert.True(_guest.Process.Files.GetCloseOnExec(_guest.Get<int>(control, 4)));
        Assert.Equal(SocketFlags.CloseReceivedOnExec, received.Flags & SocketFlags.CloseReceivedOnExec);
    }

    [KvmFact]
    public void Without_room_in_the_table_descriptors_are_closed_and_the_message_cut()
    {
        (ulong a, ulong b) = Pair();
        int counter = (int)_guest.Succeed(SystemCall.Eventfd2, 0, 0);
        Send(a, Rights(counter, counter, counter));
        _guest.Process.Files.Limit = counter + 2;
        int before = OpenOnHost();
        MessageHeader received = Receive(b, 64, 0, out GuestVirtualAddress control);
        Assert.Equal(SocketFlags.ControlTruncated, received.Flags);
        Assert.Equal(20ul, _guest.Get<ulong>(control));
        Assert.Equal(counter + 1, _guest.Get<int>(control, 4));
        Assert.Equal(before + 1, OpenOnHost());
    }

    [KvmFact]
    public void With_too_little_room_for_control_the_rest_is_closed()
    {
        (ulong a, ulong b) = Pair();
        int counter = (int)_guest.Succeed(SystemCall.Eventfd2, 0, 0);
        Send(a, Rights(counter, counter, counter));
        int before = OpenOnHost();
        MessageHeader received = Receive(b, 20, 0, out _);
        Assert.Equal(SocketFlags.ControlTruncated, received.Flags);
        Assert.Equal(before + 1, OpenOnHost());
    }

    [KvmFact]
    public void Sending_what_is_not_open_is_EBADF()
    {
        (ulong a, _) = Pair();
        Assert.Equal(Errno.EBADF, Call(a, Rights(99)).Error);
    }

    [KvmTheory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(21)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Control_messages_of_a_wrong_length_are_refused(long length)
    {
        (ulong a, _) = Pair();
        byte[] control = Rights(0);
        MemoryMarshal.Write(control, length);
        Assert.Equal(Errno.EINVAL, Call(a, control).Error);
    }

    [KvmFact]
    public void More_control_than_fits_is_ENOBUFS()
    {
        (ulong a, _) = Pair();
        MessageHeader header = Header([]) with { Control = _guest.Map(20).Value, ControlLength = 1 << 16 };
        Assert.Equal(Errno.ENOBUFS, _guest.Fail(SystemCall.Sendmsg, a, _guest.Put(header).Value, 0));
    }

    private (ulong First, ulong Second) Pair()
    {
        GuestVirtualAddress pair = _guest.Map(1);
        _guest.Succeed(SystemCall.Socketpair, SocketFlags.FamilyUnix, SocketFlags.Stream, 0, pair.Value);
        return (_guest.Get<uint>(pair), _guest.Get<uint>(pair, 1));
    }

    private MessageHeader Header(byte[] control) => new()
    {
        Vectors = _guest.Put(_guest.Map(1).Value, 1ul).Value,
        VectorCount = 1,
        Control = control.Length == 0 ? 0 : _guest.Put<byte>(control).Value,
        ControlLength = (ulong)control.Length,
    };

    private SyscallResult Call(ulong socket, byte[] control) =>
        _guest.Call(SystemCall.Sendmsg, socket, _guest.Put(Header(control)).Value, 0);

    private void Send(ulong socket, byte[] control) => Assert.Equal(1, Call(socket, control).Value);

    private MessageHeader Receive(ulong socket, int room, uint flags, out GuestVirtualAddress control)
    {
        MessageHeader header = Header(new byte[room]);
        control = new GuestVirtualAddress(header.Control);
        GuestVirtualAddress message = _guest.Put(header);
        Assert.Equal(1u, _guest.Succeed(SystemCall.Recvmsg, socket, message.Value, flags));
        return _guest.Get<MessageHeader>(message);
    }

    private static byte[] Rights(params int[] descriptors)
    {
        byte[] control = new byte[ControlMessages.HeaderBytes + descriptors.Length * sizeof(int)];
        MemoryMarshal.Write(control, (long)control.Length);
        MemoryMarshal.Write(control.AsSpan(ControlMessages.LevelOffset), SocketFlags.LevelSocket);
        MemoryMarshal.Write(control.AsSpan(ControlMessages.TypeOffset), ControlMessages.Rights);
        MemoryMarshal.Cast<int, byte>(descriptors).CopyTo(control.AsSpan(ControlMessages.HeaderBytes));
        return control;
    }

    /// <summary>Event counters that this process has open: what these tests pass.</summary>
    private static int OpenOnHost()
    {
        int count = 0;
        foreach (string descriptor in Directory.GetFileSystemEntries("/proc/self/fd"))
            if (new FileInfo(descriptor).LinkTarget is { } target && target.Contains("[eventfd]", StringComparison.Ordinal))
                count++;
        return count;
    }
}
