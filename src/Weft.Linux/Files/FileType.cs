namespace Weft.Linux.Files;

/// <summary>S_IFMT of st_mode. Source: inode(7).</summary>
internal static class FileType
{
    internal const int Mask = 0xf000, Fifo = 0x1000, CharacterDevice = 0x2000, Directory = 0x4000, BlockDevice = 0x6000, Regular = 0x8000, Link = 0xa000, Socket = 0xc000;
}
