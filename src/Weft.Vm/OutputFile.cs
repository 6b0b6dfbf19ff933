using System.Text;
using Microsoft.Win32.SafeHandles;
using Weft.Native;

namespace Weft.Vm;

/// <summary>Where a trace or statistics go: a descriptor of the VMM's own, which the program can neither see nor close.</summary>
/// <remarks>Thread-safe: a text is written whole. By write(2) itself: .NET's streams keep a position of their own, and standard error is shared.</remarks>
internal sealed class OutputFile
{
    private const int BufferBytes = 64 << 10;
    private readonly Lock _lock = new();
    private readonly SafeFileHandle _handle;
    private readonly NativeBuffer _buffer = new(BufferBytes);

    /// <summary>Opens it.</summary>
    /// <param name="path">A file that is made or emptied, or "" for standard error.</param>
    /// <exception cref="IOException">It can't be written.</exception>
    internal OutputFile(string path) =>
        _handle = path.Length > 0 ? Create(path) : DuplicateStandardError();

    private OutputFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>The descriptor, close-on-exec.</summary>
    internal int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Goes on with a descriptor that another VMM had opened; null for -1.</summary>
    internal static OutputFile? TryAdopt(int descriptor) => descriptor < 0 ? null : new OutputFile(new SafeFileHandle(descriptor, true));

    /// <summary>Writes a text. A full disk or a closed pipe loses it: the program runs on.</summary>
    internal void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        lock (_lock)
            for (int done = 0; done < bytes.Length;)
            {
                int length = Math.Min(BufferBytes, bytes.Length - done);
                bytes.AsSpan(done, length).CopyTo(_buffer.Span);
                long written = HostStubs.Call(SystemCall.Write, (long)_handle.DangerousGetHandle(), (long)_buffer.Address.Value, length);
                if (written == -(long)Errno.EINTR)
                    continue;
                if (written <= 0)
                    return;
                done += (int)written;
            }
    }

    private static SafeFileHandle Create(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}', for --trace or --stats, can't be written ({exception.Message.TrimEnd('.')}); name a file that you may write", exception);
        }
    }

    private static SafeFileHandle DuplicateStandardError()
    {
        const int standardError = 2, duplicateCloseOnExec = 1030, lowest = 100;
        long copy = HostStubs.CallQuick(SystemCall.Fcntl, standardError, duplicateCloseOnExec, lowest);
        return copy >= 0 ? new SafeFileHandle((nint)copy, true)
            : throw new IOException("standard error is closed; name a FILE for --trace or --stats");
    }
}
