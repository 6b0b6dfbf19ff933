using Weft.Linux.Loading;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Copies argv and envp out of a program's memory, no more of them than a program may get.</summary>
internal sealed class ArgumentReader
{
    private const ulong PointerBytes = sizeof(ulong);
    private readonly GuestThread _thread;
    private long _left;

    /// <param name="thread">The caller.</param>
    /// <param name="path">The path of the program, which counts too.</param>
    internal ArgumentReader(GuestThread thread, byte[] path)
    {
        _thread = thread;
        ulong stack = thread.Process.Limits[Resource.Stack].Soft / 4;
        _left = (long)Math.Max(Math.Min(InitialStack.MaxTotalLength, stack), InitialStack.MinTotalLength) - path.Length - 1;
    }

    /// <summary>The strings of a table that a null pointer ends; none for a null address.</summary>
    /// <exception cref="LoadException">EFAULT, or E2BIG.</exception>
    internal List<byte[]> Read(GuestVirtualAddress table)
    {
        List<byte[]> strings = [];
        if (table.IsNull)
            return strings;
        for (; ; table += PointerBytes)
        {
            if (!_thread.Memory.TryRead(table, out ulong pointer))
                throw new LoadException(Errno.EFAULT, "argv or envp");
            if (pointer == 0)
                return strings;
            Errno error = _thread.Memory.ReadString(new(pointer), InitialStack.MaxStringLength - 1, out byte[] text);
            _left -= text.Length + 1 + (long)PointerBytes;
            if (error == Errno.EFAULT)
                throw new LoadException(Errno.EFAULT, "argv or envp");
            if (error != Errno.None || _left < 0)
                throw new LoadException(Errno.E2BIG, "argv and envp");
            strings.Add(text);
        }
    }
}
