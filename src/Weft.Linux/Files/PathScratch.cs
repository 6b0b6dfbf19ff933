using System.Text;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// Where file calls keep what in a thread's 64 KiB of scratch memory. The first 24 KiB are the handler's own:
/// iovec arrays and structures.
/// </summary>
internal static class PathScratch
{
    internal const int FirstName = 24 << 10, SecondName = 28 << 10;
    internal const int FirstPath = 32 << 10, SecondPath = 40 << 10, Name = 48 << 10, How = 53 << 10, Status = 54 << 10, Link = 56 << 10;

    /// <summary>Longest path with its 0: PATH_MAX.</summary>
    internal const int MostPathBytes = 4096;

    /// <summary>Longest component: NAME_MAX.</summary>
    internal const int MostNameBytes = 255;

    /// <summary>Puts a path (a char a byte) with its 0 somewhere. Returns the address; the text must be shorter than <see cref="MostPathBytes"/>.</summary>
    internal static long Put(NativeBuffer scratch, int offset, string path)
    {
        int length = Encoding.Latin1.GetBytes(path, scratch.Span.Slice(offset, MostPathBytes + 16));
        scratch.Span[offset + length] = 0;
        return (long)scratch.Address.Value + offset;
    }

    /// <summary>Puts "/proc/self/fd/N" of the VMM's descriptor: the way to act on exactly the file that it refers to.</summary>
    internal static long PutDescriptorPath(NativeBuffer scratch, int hostDescriptor, int offset = Name)
    {
        Span<byte> text = scratch.Span.Slice(offset, 32);
        "/proc/self/fd/"u8.CopyTo(text);
        hostDescriptor.TryFormat(text[14..], out int digits);
        text[14 + digits] = 0;
        return (long)scratch.Address.Value + offset;
    }
}
