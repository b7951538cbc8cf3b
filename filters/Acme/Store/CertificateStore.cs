using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.Acme.Store;

/// <summary>
/// The folder of account keys, certificates and proofs on disk, which several processes may share. Files are replaced whole: written
/// beside, forced to the disk, renamed. Only the owner can read them.
/// </summary>
internal sealed class CertificateStore
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;
    private const int LongestToken = 256;
    private static readonly TimeSpan ProofLife = TimeSpan.FromDays(1);
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

    private readonly string _accounts, _certificates, _challenges;

    public CertificateStore(string path)
    {
        Path = path;
        _accounts = System.IO.Path.Combine(path, "accounts");
        _certificates = System.IO.Path.Combine(path, "certificates");
        _challenges = System.IO.Path.Combine(path, "challenges");
    }

    public string Path { get; }

    /// <summary>Makes the folders that are missing.</summary>
    /// <exception cref="IOException">They cannot be made. <see cref="UnauthorizedAccessException"/> likewise.</exception>
    public void Create()
    {
        // One by one: folders made on the way to another would be open to all.
        CreateFolder(Path);
        CreateFolder(_accounts);
        CreateFolder(_certificates);
        CreateFolder(_challenges);
        foreach (var file in Directory.EnumerateFiles(_challenges).Where(f => DateTime.UtcNow - File.GetLastWriteTimeUtc(f) > ProofLife))
        {
            // Of a process that ended half-way.
            File.Delete(file);
        }
    }

    /// <summary>The file of a certificate: a name, to be found by people, and what tells it from others. The order of names is no matter.</summary>
    public string CertificateFile(AcmeOptions options)
    {
        var names = options.Names.Select(n => n.ToLowerInvariant()).Order(StringComparer.Ordinal).ToArray();
        var shown = names[^1].Replace("*", "_", StringComparison.Ordinal);
        return System.IO.Path.Combine(
            _certificates, $"{shown}-{HashOf($"{options.Directory.AbsoluteUri} {options.Key} {string.Join(',', names)}")}.pem");
    }

    /// <summary>The files of the account at a CA.</summary>
    public (string Key, string Url) AccountFiles(AcmeOptions options)
    {
        var folder = System.IO.Path.Combine(_accounts, $"{options.Directory.Host}-{HashOf($"{options.Directory.AbsoluteUri} {options.Eab?.Kid}")}");
        return (System.IO.Path.Combine(folder, "account.key"), System.IO.Path.Combine(folder, "account.url"));
    }

    /// <summary>The text of a file; null when there is none.</summary>
    public static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whether others than the owner may read a file.</summary>
    public static bool IsExposed(string file) =>
        !OperatingSystem.IsWindows() && File.Exists(file)
        && (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    /// <summary>Replaces a file so that whoever reads it, now or after a crash, finds the old text or the new.</summary>
    public static void Write(string file, string text)
    {
        CreateFolder(System.IO.Path.GetDirectoryName(file)!);
        var beside = $"{file}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp";
        try
        {
            using (var stream = new FileStream(beside, Exclusive(FileMode.CreateNew)))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, file, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    /// <summary>Takes the lock on a file's content; null while another process, or another source in this one, has it.</summary>
    public static IDisposable? TryLock(string file)
    {
        CreateFolder(System.IO.Path.GetDirectoryName(file)!);
        try
        {
            // The framework locks a file nobody may share (flock), and the system frees it when the process ends, however it ends.
            return new FileStream(file + ".lock", Exclusive(FileMode.OpenOrCreate));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Shows a proof to other processes.</summary>
    public void WriteChallenge(string token, string authorization) => Write(ChallengeFile(token), authorization);

    public void RemoveChallenge(string token) => File.Delete(ChallengeFile(token));

    /// <summary>A proof another process shows; null for none.</summary>
    public string? ReadChallenge(string token)
    {
        try
        {
            return IsToken(token) ? Read(ChallengeFile(token)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether it may be the CA's token (RFC 8555 §8.3), and so the name of a file.</summary>
    public static bool IsToken(string token) => token.Length is > 0 and <= LongestToken && token.AsSpan().IndexOfAnyExcept(TokenCharacters) < 0;

    private string ChallengeFile(string token) =>
        IsToken(token) ? System.IO.Path.Combine(_challenges, token) : throw new Client.AcmeException("The CA's token is none.");

    private static FileStreamOptions Exclusive(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerFolder);
        }
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
}
