using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>The control messages of one sendmsg: copied, with the host's descriptors for the program's, held until the call is over.</summary>
internal ref struct SentDescriptors(GuestThread thread)
{
    private List<FileDescription>? _held;

    /// <summary>Copies control messages to <see cref="SocketScratch.Large"/>. EFAULT, EBADF, EINVAL or ENOBUFS.</summary>
    internal Errno PutControl(GuestVirtualAddress control, ulong lengthBytes, int mostBytes)
    {
        if (lengthBytes == 0)
            return Errno.None;
        if (lengthBytes > (ulong)mostBytes)
            return Errno.ENOBUFS;
        Span<byte> messages = thread.Scratch.Span.Slice(SocketScratch.Large, (int)lengthBytes);
        if (!thread.Memory.TryRead(control, messages))
            return Errno.EFAULT;
        while (messages.Length >= ControlMessages.HeaderBytes)
        {
            int length = ControlMessages.Length(messages);
            if (length == 0)
                return Errno.EINVAL;
            if (ControlMessages.HoldsDescriptors(messages, false))
            {
                Errno error = Translate(MemoryMarshal.Cast<byte, int>(messages[ControlMessages.HeaderBytes..length]));
                if (error != Errno.None)
                    return error;
            }
            messages = messages[Math.Min(ControlMessages.Aligned(length), messages.Length)..];
        }
        return Errno.None;
    }

    private Errno Translate(Span<int> descriptors)
    {
        foreach (ref int descriptor in descriptors)
        {
            FileLease file = thread.Files.Rent(descriptor);
            if (!file.IsOpen)
                return Errno.EBADF;
            (_held ??= []).Add(file.Description);
            // What the VM makes up has nothing that would mean the same to the receiver.
            if (file.Description is VirtualFile or VirtualDirectory or DeviceFile)
                return Errno.EINVAL;
            descriptor = file.Host;
        }
        return Errno.None;
    }

    /// <summary>Gives the files back.</summary>
    public readonly void Dispose()
    {
        if (_held is null)
            return;
        foreach (FileDescription file in _held)
            file.Release();
    }
}
