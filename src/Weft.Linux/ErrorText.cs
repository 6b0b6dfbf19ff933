using Weft.Native;

namespace Weft.Linux;

/// <summary>Errors in words, as strerror(3) has them, for messages to the user.</summary>
public static class ErrorText
{
    /// <summary>The words; the name where there are none here.</summary>
    public static string Of(Errno error) => error switch
    {
        Errno.ENOENT => "no such file or directory",
        Errno.EACCES => "permission denied",
        Errno.EPERM => "operation not permitted",
        Errno.ENOEXEC => "not an executable of this machine",
        Errno.ENOMEM => "not enough memory",
        Errno.ENOTDIR => "not a directory",
        Errno.EISDIR => "is a directory",
        Errno.ELOOP => "too many levels of symbolic links",
        Errno.E2BIG => "argument list too long",
        Errno.ENAMETOOLONG => "file name too long",
        Errno.ETXTBSY => "text file busy",
        _ => error.ToString(),
    };
}
