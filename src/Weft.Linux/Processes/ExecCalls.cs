using System.Text;
using Weft.Linux.Checkpoint;
using Weft.Linux.Files;
using Weft.Linux.Loading;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>
/// execve(2) and execveat(2). All that can fail is tried first; then the host process executes the VMM anew, with the
/// process's state in a memfd: process id, parent, descriptors, timers and waiting signals stay, as on Linux.
/// </summary>
internal static class ExecCalls
{
    private const int DescriptorPrefixBytes = 8;
    private const string Missing = "set-user-ID and set-group-ID bits have no effect; a program must be readable; files that are open for writing can be executed";

    [SystemCall(SystemCall.Execve, SupportState.Partly, Missing = Missing)]
    internal static SyscallResult Execute(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress arguments, GuestVirtualAddress environment) =>
        ExecuteAt(thread, OpenFlags.CurrentDirectory, path, arguments, environment, 0);

    [SystemCall(SystemCall.Execveat, SupportState.Partly, Missing = Missing)]
    internal static SyscallResult ExecuteAt(
        GuestThread thread, int directory, GuestVirtualAddress path, GuestVirtualAddress arguments, GuestVirtualAddress environment, int flags)
    {
        if ((flags & ~(OpenFlags.AtEmptyPath | OpenFlags.AtNoFollow)) != 0)
            return Errno.EINVAL;
        Errno error = PathText.Read(thread, path, out PathText text);
        if (error != Errno.None)
            return error;
        if (text.IsEmpty && (flags & OpenFlags.AtEmptyPath) == 0)
            return Errno.ENOENT;
        try
        {
            using OpenedProgram program = Find(thread, directory, text.AsString(), flags, arguments, environment, out List<byte[]> variables);
            return Successor.Start(thread, program, variables);
        }
        catch (LoadException refusal)
        {
            return refusal.Errno;
        }
    }

    private static OpenedProgram Find(GuestThread thread, int directory, string path, int flags,
        GuestVirtualAddress arguments, GuestVirtualAddress environment, out List<byte[]> variables)
    {
        // A program's own name for a file that it has no path of. Source: execveat(2), NOTES.
        string name = directory == OpenFlags.CurrentDirectory || path.StartsWith('/') ? path
            : path.Length == 0 ? $"/dev/fd/{directory}" : $"/dev/fd/{directory}/{path}";
        SyscallResult file = path.Length == 0
            ? OpenDescriptor(thread, directory)
            : thread.Process.Paths.OpenHost(thread, path, directory, OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal
                | ((flags & OpenFlags.AtNoFollow) != 0 ? OpenFlags.NoFollow : 0));
        if (file.IsError)
            throw new LoadException(file.Error, name);
        Func<string, long> open = other => other.Length == 0 ? -(long)Errno.ENOENT : thread.Process.Paths.OpenHost(thread, other).Value;
        OpenedProgram? program = null;
        try
        {
            byte[] executed = Encoding.Latin1.GetBytes(name);
            ArgumentReader reader = new(thread, executed);
            List<byte[]> words = reader.Read(arguments);
            variables = reader.Read(environment);
            int descriptor = (int)file.Value;
            file = 0;
            program = OpenedProgram.Open(executed, words, open, descriptor);
            if (IsLostToScript(thread, directory, name, program))
                throw new LoadException(Errno.ENOENT, name);
            program.CheckInterpreter(open);
            return program;
        }
        catch (LoadException)
        {
            program?.Dispose();
            if (file.Value > 0)
                HostFile.Close((int)file.Value);
            throw;
        }
    }

    private static SyscallResult OpenDescriptor(GuestThread thread, int number)
    {
        if (number == OpenFlags.CurrentDirectory)
            return Errno.EACCES;
        using (FileLease file = thread.Files.Rent(number))
            if (!file.IsOpen)
                return Errno.EBADF;
        return thread.Process.Paths.OpenHost(thread, $"/proc/self/fd/{number}");
    }

    /// <summary>Whether a script's interpreter could not open the script: its path goes by a descriptor that is closed on exec.</summary>
    private static bool IsLostToScript(GuestThread thread, int directory, string name, OpenedProgram program) =>
        program.IsScript && name.StartsWith("/dev/fd/", StringComparison.Ordinal) && name.Length > DescriptorPrefixBytes
        && thread.Files.GetCloseOnExec(directory) == true;
}
