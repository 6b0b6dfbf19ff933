using System.Text;
using Weft.Linux;
using Weft.Linux.Loading;
using Weft.Native;

namespace Weft.Vm;

/// <summary>Finds a program as execvp does: a name with a slash is a path, any other is searched for in PATH.</summary>
/// <param name="open">Opens a path of the program's file system, a char a byte, for reading: a descriptor, or -errno.</param>
public sealed class ProgramLookup(Func<string, long> open)
{
    // Source: execvp(3); glibc's confstr(_CS_PATH).
    private const string DefaultPath = "/bin:/usr/bin";

    /// <summary>The path to load, a char a byte.</summary>
    /// <param name="name">As the user gave it, a char a byte.</param>
    /// <param name="environment">The program's own environment, "NAME=value" each: its PATH counts.</param>
    /// <exception cref="LoadException">There is no such program (ENOENT), or none that may be executed.</exception>
    public string Find(string name, IReadOnlyList<byte[]> environment)
    {
        if (name.Contains('/'))
        {
            Errno error = Probe(name);
            return error == Errno.None ? name : throw Refusal(name, error);
        }
        if (name.Length == 0)
            throw Refusal("''", Errno.ENOENT);
        Errno remembered = Errno.ENOENT;
        foreach (string directory in SearchPath(environment).Split(':'))
        {
            string path = directory.Length == 0 ? name : directory.TrimEnd('/') + "/" + name;
            switch (Probe(path))
            {
                case Errno.None:
                    return path;
                case Errno.EACCES:
                    remembered = Errno.EACCES;
                    break;
                case Errno.ENOENT or Errno.ENOTDIR or Errno.ESTALE or Errno.ENODEV or Errno.ETIMEDOUT:
                    break;
                case var other:
                    throw Refusal(path, other);
            }
        }
        throw remembered == Errno.ENOENT
            ? new LoadException(Errno.ENOENT, $"{Readable(name)}: command not found; give its path, or add its directory to PATH")
            : Refusal(name, remembered);
    }

    private static LoadException Refusal(string path, Errno error) => new(error, $"{Readable(path)}: {ErrorText.Of(error)}; " + error switch
    {
        Errno.ENOENT or Errno.ENOTDIR => "check the path",
        Errno.EACCES => "name a file that you may read and execute (chmod +rx)",
        _ => "name an executable file",
    });

    private static string Readable(string path) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(path));

    private static string SearchPath(IReadOnlyList<byte[]> environment)
    {
        ReadOnlySpan<byte> variable = "PATH="u8;
        foreach (byte[] entry in environment)
            if (entry.AsSpan().StartsWith(variable))
                return Encoding.Latin1.GetString(entry.AsSpan(variable.Length));
        return DefaultPath;
    }

    private Errno Probe(string path)
    {
        long descriptor = open(path);
        if (descriptor < 0)
            return (Errno)(-descriptor);
        try
        {
            return ExecutableError((int)descriptor);
        }
        finally
        {
            HostStubs.CallQuick(SystemCall.Close, descriptor);
        }
    }

    /// <summary>Whether an open file is a regular one that the caller may execute.</summary>
    private static Errno ExecutableError(int descriptor)
    {
        const int modeOffset = 24, statBytes = 144, execute = 1, emptyPath = 0x1000;
        const uint typeMask = 0xf000, regularFile = 0x8000, anyExecute = 0x49;
        using NativeBuffer buffer = new(statBytes + 1);
        long result = HostStubs.Call(SystemCall.Fstat, descriptor, (long)buffer.Address.Value);
        if (result < 0)
            return (Errno)(-result);
        uint mode = BitConverter.ToUInt32(buffer.Span[modeOffset..]);
        if ((mode & typeMask) != regularFile)
            return Errno.EACCES;
        buffer.Span[statBytes] = 0;
        result = HostStubs.Call(SystemCall.Faccessat2, descriptor, (long)buffer.Address.Value + statBytes, execute, emptyPath);
        if (result == -(long)Errno.ENOSYS)
            return (mode & anyExecute) != 0 ? Errno.None : Errno.EACCES;
        return result < 0 ? (Errno)(-result) : Errno.None;
    }
}
