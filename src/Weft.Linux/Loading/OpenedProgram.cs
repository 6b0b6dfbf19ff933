using System.Text;
using Weft.Native;

namespace Weft.Linux.Loading;

/// <summary>A program that was found and can be started, but for what only mapping it tells.</summary>
/// <remarks>Owns the descriptor of its file.</remarks>
public sealed class OpenedProgram : IDisposable
{
    private OpenedProgram(ProgramFile file, ElfImage image, byte[] path, IReadOnlyList<byte[]> arguments, bool isScript)
    {
        IsScript = isScript;
        File = file;
        Image = image;
        Path = path;
        Arguments = arguments;
    }

    /// <summary>The path that was executed: a script's own, where the program is its interpreter.</summary>
    public byte[] Path { get; }

    /// <summary>argv: a script's interpreter has its own words before.</summary>
    public IReadOnlyList<byte[]> Arguments { get; }

    /// <summary>Whether the path is a script's.</summary>
    public bool IsScript { get; }

    /// <summary>The host's descriptor of the program, open for reading.</summary>
    public int Descriptor => File.Descriptor;

    /// <summary>The program.</summary>
    internal ProgramFile File { get; }

    /// <summary>Its headers.</summary>
    internal ElfImage Image { get; }

    /// <summary>Opens what a path names, and through scripts the program that runs them.</summary>
    /// <param name="path">The path, as the program's own file system has it.</param>
    /// <param name="arguments">argv.</param>
    /// <param name="open">Opens a path, a char a byte: a descriptor or -errno.</param>
    /// <param name="first">The path's own descriptor, which is taken over, when it is open already.</param>
    /// <exception cref="LoadException">It can't be started; says why.</exception>
    public static OpenedProgram Open(byte[] path, IReadOnlyList<byte[]> arguments, Func<string, long> open, int first = -1)
    {
        byte[] current = path;
        for (int depth = 0; ; depth++)
        {
            ProgramFile file = first >= 0 && depth == 0 ? Adopt(first, current) : OpenFile(current, open);
            if (!ScriptHeader.TryParse(file.Head, out byte[]? interpreter, out byte[]? argument))
                return Finish(file, path, arguments, depth > 0);
            file.Dispose();
            if (depth >= ScriptHeader.MaxDepth)
                throw new LoadException(Errno.ELOOP, $"{Readable(path)}: scripts whose interpreters are scripts, too deep");
            arguments = ScriptHeader.Arguments(interpreter, argument, current, [.. arguments]);
            current = interpreter;
        }
    }

    /// <summary>Takes over a descriptor of a program that <see cref="Open"/> found before, scripts and all.</summary>
    /// <exception cref="LoadException">It can't be started.</exception>
    public static OpenedProgram Adopt(int descriptor, byte[] path, IReadOnlyList<byte[]> arguments) =>
        Finish(Adopt(descriptor, path), path, arguments, false);

    /// <summary>Refuses a program whose interpreter (its dynamic loader) can't be used.</summary>
    /// <exception cref="LoadException">Says why.</exception>
    public void CheckInterpreter(Func<string, long> open)
    {
        if (Image.Interpreter is not { } range)
            return;
        using ProgramFile file = OpenInterpreter(File, range, open);
        Parse(file, ElfRole.Interpreter);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Dispose();

    /// <summary>Opens a program's dynamic loader.</summary>
    internal static ProgramFile OpenInterpreter(ProgramFile program, FileRange range, Func<string, long> open) =>
        ElfImage.TryInterpreterPath(program.Read(range.Offset, range.Length), out byte[]? path, out ElfFailure failure)
            ? OpenFile(path, open) : throw Failed(program, failure, ElfRole.Program);

    internal static ElfImage Parse(ProgramFile file, ElfRole role)
    {
        if (ElfImage.TryParse(file.Head, file.Length, role, out ElfImage? image, out ElfFailure failure))
            return image;
        if (failure.Error == ElfError.ProgramHeadersNotGiven
            && ElfImage.TryProgramHeaderRange(file.Head, file.Length, out FileRange range, out failure)
            && ElfImage.TryParse(file.Head, file.Read(range.Offset, range.Length), file.Length, role, out image, out failure))
            return image;
        throw Failed(file, failure, role);
    }

    internal static LoadException Failed(ProgramFile file, ElfFailure failure, ElfRole role) =>
        new((Errno)failure.Errno(role), $"{file.Path} {failure.Message}");

    private static OpenedProgram Finish(ProgramFile file, byte[] path, IReadOnlyList<byte[]> arguments, bool isScript)
    {
        try
        {
            return new OpenedProgram(file, Parse(file, ElfRole.Program), path, arguments, isScript);
        }
        catch (LoadException)
        {
            file.Dispose();
            throw;
        }
    }

    private static ProgramFile OpenFile(byte[] path, Func<string, long> open)
    {
        long descriptor = open(Encoding.Latin1.GetString(path));
        return descriptor >= 0 ? Adopt((int)descriptor, path) : throw Refused(path, (Errno)(-descriptor));
    }

    private static ProgramFile Adopt(int descriptor, byte[] path) =>
        ProgramFile.TryAdopt(descriptor, Readable(path), out Errno error) ?? throw Refused(path, error);

    private static LoadException Refused(byte[] path, Errno error) => new(error, $"{Readable(path)}: {ErrorText.Of(error)}");

    private static string Readable(byte[] path) => Encoding.UTF8.GetString(path);
}
