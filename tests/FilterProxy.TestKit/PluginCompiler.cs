using System.Diagnostics;

namespace FilterProxy.TestKit;

/// <summary>Makes plugins of C# text, with the compiler of the SDK that runs the tests.</summary>
internal static class PluginCompiler
{
    private const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using FilterProxy;
        """;

    // shared/Microsoft.NETCore.App/10.0.x/ lies three below the root of the installation.
    private static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    /// <summary>Writes <c>folder/name/FilterProxy.Filters.name.dll</c>, whatever version the name asks for.</summary>
    /// <returns>The file.</returns>
    public static async Task<string> WriteAsync(string folder, string name, string version, string source, params string[] references)
    {
        var file = Path.Combine(folder, name, $"FilterProxy.Filters.{name.Split('@')[0]}.dll");
        await CompileAsync(file, version, source, references);
        return file;
    }

    /// <summary>Compiles a library. What the file held before is replaced in place, as a copy does it.</summary>
    public static async Task CompileAsync(string file, string version, string source, params string[] references)
    {
        var work = Directory.CreateTempSubdirectory("filterproxy-compile-").FullName;
        try
        {
            var (code, output) = (Path.Combine(work, "code.cs"), Path.Combine(work, Path.GetFileName(file)));
            await File.WriteAllTextAsync(code, source);
            await File.WriteAllTextAsync(Path.Combine(work, "usings.cs"), $"""
                {Usings}
                [assembly: System.Reflection.AssemblyVersion("{version}")]
                [assembly: System.Reflection.AssemblyInformationalVersion("{version}+0123456789")]
                """);
            await File.WriteAllLinesAsync(Path.Combine(work, "csc.rsp"),
            [
                "-nologo", "-target:library", "-nullable:enable", "-langversion:latest", "-unsafe", "-debug:embedded", "-optimize", $"-out:\"{output}\"",
                .. Framework("Microsoft.NETCore.App.Ref").Concat(Framework("Microsoft.AspNetCore.App.Ref")).Append(typeof(IHttpFilter).Assembly.Location)
                    .Concat(references).Select(reference => $"-reference:\"{reference}\""),
                $"\"{code}\"", $"\"{Path.Combine(work, "usings.cs")}\"",
            ]);
            await RunAsync(work);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, await File.ReadAllBytesAsync(output));
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static string[] Framework(string pack) => Directory.GetFiles(Path.Combine(Newest(Path.Combine(Root, "packs", pack)), "ref", "net10.0"), "*.dll");

    private static string Newest(string folder) =>
        Directory.GetDirectories(folder, "10.*").MaxBy(path => Version.Parse(Path.GetFileName(path).Split('-')[0]))
        ?? throw new DirectoryNotFoundException($"There is no version 10 in {folder}.");

    private static async Task RunAsync(string folder)
    {
        var compiler = Path.Combine(Newest(Path.Combine(Root, "sdk")), "Roslyn", "bincore", "csc.dll");
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Root, "dotnet"), ["exec", compiler, "@csc.rsp"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"The plugin does not compile:\n{output}");
        }
    }
}
