using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>The control messages that a recvmsg brought: the host's descriptors become the program's.</summary>
internal static class ReceivedDescriptors
{
    /// <summary>
    /// Installs received descriptors and rewrites their numbers in place. What finds no free number is closed, its
    /// message shortened, and MSG_CTRUNC set, as Linux does. Nothing of the host's numbers stays in the messages.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="control">The buffer.</param>
    /// <param name="used">How much of it the host filled.</param>
    /// <param name="closeOnExec">MSG_CMSG_CLOEXEC.</param>
    /// <param name="flags">msg_flags.</param>
    /// <returns>How much of the buffer the program gets.</returns>
    internal static int Install(GuestThread thread, Span<byte> control, int used, bool closeOnExec, ref uint flags)
    {
        int from = 0, to = 0;
        while (from < used)
        {
            Span<byte> message = control[from..used];
            int length = ControlMessages.Length(message);
            if (length == 0)
                break;
            from += Math.Min(ControlMessages.Aligned(length), used - from);
            int kept = length;
            if (ControlMessages.HoldsDescriptors(message, true))
            {
                Span<int> descriptors = MemoryMarshal.Cast<byte, int>(message[ControlMessages.HeaderBytes..length]);
                int installed = InstallAll(thread, descriptors, closeOnExec);
                if (installed < descriptors.Length)
                    flags |= SocketFlags.ControlTruncated;
                kept = installed == 0 ? 0 : ControlMessages.HeaderBytes + installed * sizeof(int);
                BinaryPrimitives.WriteUInt64LittleEndian(message, (ulong)kept);
            }
            if (kept == 0)
                continue;
            message[..kept].CopyTo(control[to..]);
            to += Math.Min(ControlMessages.Aligned(kept), control.Length - to);
        }
        return Math.Min(to, used);
    }

    private static int InstallAll(GuestThread thread, Span<int> descriptors, bool closeOnExec)
    {
        int installed = 0;
        bool full = false;
        foreach (ref int descriptor in descriptors)
        {
            full |= !thread.Process.Paths.Admits(thread.Scratch, descriptor, out Mount? mount);
            if (full)
            {
                HostStubs.Call(SystemCall.Close, descriptor);
                continue;
            }
            // A table without room closes the descriptor itself.
            SyscallResult result = thread.Files.Install(new FileDescription(descriptor) { Mount = mount }, closeOnExec);
            full = result.IsError;
            if (full)
                continue;
            descriptor = (int)result.Value;
            installed++;
        }
        return installed;
    }
}
