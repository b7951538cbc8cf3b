using Xunit;

namespace FilterProxy.Filters.Tests;

/// <summary>Tests that measure the whole process: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
#pragma warning disable CA1052 // xUnit wants an instance class.
public sealed class Alone;
#pragma warning restore CA1052
