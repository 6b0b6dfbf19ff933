using System.Globalization;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>A state in a memfd that nobody can change any more.</summary>
public static class StateFile
{
    /// <summary>The hidden option of the VMM's binary before the descriptor of a state.</summary>
    public const string Option = "--resume";

    private const int LongestName = 64;
    private const int PieceBytes = 64 << 10, AddSeals = 1033, GetSeals = 1034;

    // F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE. Source: linux/fcntl.h.
    private const int AllSeals = 1 | 2 | 4 | 8;

    /// <summary>The words that start a VMM on a state: after the option, what people and their tools see of the program.</summary>
    internal static string[] CommandLine(long file, string program) =>
        ["weft", Option, file.ToString(CultureInfo.InvariantCulture), program.Length <= LongestName ? program : program[^LongestName..]];

    /// <summary>Writes a state. Returns the descriptor, close-on-exec, or -errno.</summary>
    internal static long Create(ProcessState state)
    {
        const int closeOnExec = 1, allowSealing = 2;
        byte[] bytes = state.ToBytes();
        using NativeBuffer buffer = new(PieceBytes);
        long file = HostStubs.Call(SystemCall.MemfdCreate, PathScratch.Put(buffer, 0, "weft-state"), closeOnExec | allowSealing);
        if (file < 0)
            return file;
        long result = 0;
        for (int done = 0; done < bytes.Length && result >= 0; done += (int)result)
        {
            int count = Math.Min(PieceBytes, bytes.Length - done);
            bytes.AsSpan(done, count).CopyTo(buffer.Span);
            result = HostStubs.Call(SystemCall.Pwrite64, file, (long)buffer.Address.Value, count, done);
        }
        if (result >= 0)
            result = HostStubs.Call(SystemCall.Fcntl, file, AddSeals, AllSeals);
        if (result >= 0)
            return file;
        HostFile.Close((int)file);
        return result;
    }

    /// <summary>Reads a state and closes its descriptor.</summary>
    /// <exception cref="InvalidDataException">The descriptor holds none, or one that could still be changed.</exception>
    public static ProcessState Read(int descriptor)
    {
        if ((HostStubs.Call(SystemCall.Fcntl, descriptor, GetSeals) & AllSeals) != AllSeals)
            throw new InvalidDataException("--resume is Weft's own: it goes on with a program that another VMM handed over");
        using NativeBuffer buffer = new(PieceBytes);
        using MemoryStream bytes = new();
        for (long count; (count = HostStubs.Call(SystemCall.Pread64, descriptor, (long)buffer.Address.Value, PieceBytes, bytes.Length)) > 0;)
            bytes.Write(buffer.Span[..(int)count]);
        HostFile.Close(descriptor);
        return ProcessState.FromBytes(bytes.ToArray());
    }
}
