using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Fabric;

/// <summary>An epoll set, level-triggered, whose entries carry a number. Owned by one thread; its descriptor may be waited for elsewhere.</summary>
internal sealed unsafe class EventPoll : IDisposable
{
    internal const uint In = 1, Out = 4;
    private const int CloseOnExec = 0x80000;
    private const int Add = 1, Remove = 2, Modify = 3;

    internal EventPoll()
    {
        long descriptor = HostStubs.Call(SystemCall.EpollCreate1, CloseOnExec);
        if (descriptor < 0)
            throw new IOException("The host has no descriptors left for links.");
        Descriptor = (int)descriptor;
    }

    internal int Descriptor { get; }

    internal void Watch(int descriptor, uint events, ulong number) => Control(Add, descriptor, events, number);

    internal void Change(int descriptor, uint events, ulong number) => Control(Modify, descriptor, events, number);

    internal void Forget(int descriptor) => Control(Remove, descriptor, 0, 0);

    /// <summary>What is ready now, without waiting.</summary>
    /// <returns>How many entries were written.</returns>
    internal int Ready(Span<Entry> entries)
    {
        // SAFETY: the span is pinned for the call and bounds what the kernel writes; Entry is struct epoll_event.
        fixed (Entry* pointer = entries)
            return (int)Math.Max(0, HostStubs.CallQuick(SystemCall.EpollWait, Descriptor, (long)pointer, entries.Length));
    }

    public void Dispose() => HostStubs.Call(SystemCall.Close, Descriptor);

    private void Control(int operation, int descriptor, uint events, ulong number)
    {
        Entry entry = new() { Events = events, Number = number };
        // SAFETY: the kernel reads a local of the structure's size.
        HostStubs.CallQuick(SystemCall.EpollCtl, Descriptor, operation, descriptor, (long)(&entry));
    }

    /// <summary>struct epoll_event. Source: linux/eventpoll.h, packed on x86-64.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    internal struct Entry
    {
        internal uint Events;
        internal ulong Number;
    }
}
