using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Cache;

/// <summary>
/// The second tier: responses as files in a folder, written behind the answers by one writer and found by an index in memory. What fails there
/// is counted and costs nobody an answer; after a failure, such as a full disk, nothing is written for a while.
/// </summary>
internal sealed class DiskTier : IDisposable
{
    private const string Extension = ".cached";
    private const int MostWaiting = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger;
    private readonly Action<string, byte[]> _create;
    private readonly DiskIndex _index = new();
    private readonly Channel<(long Number, byte[] Key, StoredResponse Response)> _waiting;
    private readonly CancellationTokenSource _stop = new();
    private long _failures;
    private long _written;
    private long _removed;
    private long _resumes;

    private DiskTier(string folder, ILogger logger, Action<string, byte[]> create)
    {
        Folder = folder;
        _logger = logger;
        _create = create;
        _waiting = Channel.CreateBounded<(long, byte[], StoredResponse)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        Running = Task.Run(RunAsync);
    }

    /// <summary>Where the files are.</summary>
    public string Folder { get; }

    /// <summary>The most bytes of files.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    public long Bytes => _index.Bytes;

    public int Count => _index.Count;

    /// <summary>Reads and writes that failed.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Ends when the tier does.</summary>
    internal Task Running { get; }

    /// <summary>Opens a folder, which is made if it is not there; what it holds is found again in the background.</summary>
    /// <param name="folder">An absolute path.</param>
    /// <param name="logger">For failures.</param>
    /// <param name="create">Writes a file; the file system's way unless given.</param>
    /// <exception cref="ArgumentException">It cannot be made.</exception>
    public static DiskTier Open(string folder, ILogger logger, Action<string, byte[]>? create = null)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw new ArgumentException($"disk.path: {e.Message}", nameof(folder), e);
        }

        return new DiskTier(folder, logger, create ?? File.WriteAllBytes);
    }

    /// <summary>Whether there are files of a key.</summary>
    public bool Contains(byte[] key) => _index.Contains(key);

    /// <summary>Writes a response behind its answer; left out when the disk is behind.</summary>
    public void Write(byte[] key, StoredResponse response) => _waiting.Writer.TryWrite((Interlocked.Increment(ref _written), key, response));

    /// <summary>Reads all responses of a key; the ones that cannot be read are gone.</summary>
    public async Task<List<StoredResponse>> ReadAsync(byte[] key, CancellationToken cancel)
    {
        var found = new List<StoredResponse>();
        foreach (var name in _index.Use(key))
        {
            try
            {
                if (DiskFormat.TryRead(await File.ReadAllBytesAsync(PathOf(name), cancel)) is { } response)
                {
                    found.Add(response);
                    continue;
                }
            }
            catch (Exception e) when (IsFailure(e) || e is OperationCanceledException or InvalidDataException or EndOfStreamException)
            {
                if (cancel.IsCancellationRequested)
                {
                    break;
                }
            }

            Interlocked.Increment(ref _failures);
            Delete(name);
        }

        return found;
    }

    /// <summary>Removes all files of a key.</summary>
    public void Remove(byte[] key)
    {
        ForgetWaiting();
        foreach (var name in _index.Use(key))
        {
            Delete(name);
        }
    }

    /// <summary>Removes what a rule names by address and tags; how many there were.</summary>
    public int RemoveWhere(Func<string, string[], bool> rule)
    {
        ForgetWaiting();
        var names = _index.Where((key, tags) => rule(CacheStore.UrlOf(key), tags));
        names.ForEach(Delete);
        return names.Count;
    }

    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _stop.Cancel();
    }

    private static bool IsFailure(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;

    private static string NameOf(byte[] key, StoredResponse response)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(key);
        foreach (var (name, value) in response.Vary?.Fields ?? [])
        {
            hash.AppendData(name);
            hash.AppendData(value is null ? "\0"u8 : "\n"u8);
            hash.AppendData(value ?? []);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16)) + Extension;
    }

    // What waits to be written may be what is to be removed. It is in memory still, or was removed there, too.
    private void ForgetWaiting() => Interlocked.Exchange(ref _removed, Interlocked.Read(ref _written));

    private string PathOf(string name) => Path.Combine(Folder, name);

    private async Task RunAsync()
    {
        try
        {
            Scan();
            await foreach (var (number, key, response) in _waiting.Reader.ReadAllAsync(_stop.Token))
            {
                if (Environment.TickCount64 >= _resumes && number > Interlocked.Read(ref _removed))
                {
                    Save(number, key, response);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The tier ends.
        }
    }

    private void Scan()
    {
        try
        {
            foreach (var file in new DirectoryInfo(Folder).EnumerateFiles("*" + Extension).OrderBy(f => f.LastWriteTimeUtc))
            {
                _stop.Token.ThrowIfCancellationRequested();
                using var stream = file.OpenRead();
                if (DiskFormat.TryReadIndex(stream) is var (key, tags))
                {
                    _index.Add(file.Name, key, tags, file.Length);
                }
                else
                {
                    file.Delete();
                }
            }
        }
        catch (Exception e) when (IsFailure(e))
        {
            Fail(e);
        }
    }

    private void Save(long number, byte[] key, StoredResponse response)
    {
        var name = NameOf(key, response);
        var partial = PathOf(name + ".partial");
        try
        {
            var bytes = DiskFormat.Write(key, response);
            if (bytes.Length > Capacity)
            {
                return;
            }

            foreach (var old in _index.MakeRoom(Capacity - bytes.Length))
            {
                Delete(old);
            }

            _create(partial, bytes);
            File.Move(partial, PathOf(name), overwrite: true);
            _index.Add(name, key, response.Tags, bytes.Length);
            if (number <= Interlocked.Read(ref _removed))
            {
                Delete(name);
            }
        }
        catch (Exception e) when (IsFailure(e))
        {
            Fail(e);
            TryDelete(partial);
        }
    }

    private void Delete(string name)
    {
        _index.Remove(name);
        TryDelete(PathOf(name));
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsFailure(e))
        {
            // It will be found, and tried again, by the next start.
        }
    }

    private void Fail(Exception e)
    {
        Interlocked.Increment(ref _failures);
        _resumes = Environment.TickCount64 + (long)Pause.TotalMilliseconds;
        _logger.LogWarning("The cache's disk fails ({Message}): memory alone is used for {Seconds} s.", e.Message, Pause.TotalSeconds);
    }
}
