using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// The parent that vfork(2) holds until its child runs another program or ends, seen from the child: it gets what the child
/// has changed in the memory that the two would share on Linux, and goes on when the socket between them is closed.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class WaitingParent
{
    private const int BufferBytes = 8192;
    private readonly AddressSpace _memory;
    private readonly int _data;
    private readonly PageIndex _pages;
    private int _socket;

    /// <summary>Takes the socket and the data file over.</summary>
    internal WaitingParent(AddressSpace memory, int data, PageIndex pages, int socket)
    {
        _memory = memory;
        _data = data;
        _pages = pages;
        _socket = socket;
    }

    /// <summary>Lets the parent go on. The first call does it; nothing of the program may run any more.</summary>
    public void Release()
    {
        int socket = Interlocked.Exchange(ref _socket, -1);
        if (socket < 0)
            return;
        using NativeBuffer buffer = new(BufferBytes);
        ParentLink link = new(socket);
        _memory.FindChanges(_data, _pages, (address, bytes) => link.SendChange(buffer, address, bytes));
        HostFile.Close(socket);
        HostFile.Close(_data);
    }
}
