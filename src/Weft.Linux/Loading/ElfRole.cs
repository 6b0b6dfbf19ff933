namespace Weft.Linux.Loading;

/// <summary>What a file is loaded as; Linux holds the two to slightly different rules and errors.</summary>
public enum ElfRole
{
    /// <summary>The program that execve names.</summary>
    Program,

    /// <summary>The dynamic loader that a program's PT_INTERP names; its own PT_INTERP is ignored.</summary>
    Interpreter,
}
