using System.Text;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>A path argument, copied once into the caller's scratch memory: what is checked is what is used.</summary>
internal readonly ref struct PathText
{
    private PathText(ReadOnlySpan<byte> bytes, long address)
    {
        Bytes = bytes;
        Address = address;
    }

    /// <summary>The bytes without the 0.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The host address of the text with its 0.</summary>
    internal long Address { get; }

    internal bool IsEmpty => Bytes.Length == 0;

    internal bool IsAbsolute => Bytes.Length > 0 && Bytes[0] == '/';

    /// <summary>The text with a char a byte.</summary>
    internal string AsString() => Encoding.Latin1.GetString(Bytes);

    /// <summary>Copies a path of the guest. EFAULT or ENAMETOOLONG; an empty path is the caller's matter.</summary>
    internal static Errno Read(GuestThread thread, GuestVirtualAddress address, out PathText path, int offset = PathScratch.FirstPath)
    {
        path = default;
        Span<byte> space = thread.Scratch.Span.Slice(offset, PathScratch.MostPathBytes);
        for (int read = 0; read < space.Length;)
        {
            // Never past a page's end: the next page may not be mapped, and need not be.
            const int piece = 256;
            int inPage = (int)(AddressSpace.PageSize - (address.Value & (AddressSpace.PageSize - 1)));
            int count = Math.Min(Math.Min(piece, inPage), space.Length - read);
            Span<byte> part = space.Slice(read, count);
            if (!thread.Memory.TryRead(address, part))
                return Errno.EFAULT;
            int end = part.IndexOf((byte)0);
            if (end >= 0)
            {
                path = new PathText(space[..(read + end)], (long)thread.Scratch.Address.Value + offset);
                return Errno.None;
            }
            read += count;
            address += (ulong)count;
        }
        return Errno.ENAMETOOLONG;
    }

    /// <summary>A path of the VMM's own making (a char a byte).</summary>
    internal static PathText Put(NativeBuffer scratch, string text, int offset = PathScratch.FirstPath)
    {
        long address = PathScratch.Put(scratch, offset, text);
        return new PathText(scratch.Span.Slice(offset, text.Length), address);
    }
}
