// The rounds that kernels.c offers by name.
#pragma once
#include "rounds.h"

struct round integer_round(uint64_t operations);
struct round floating_round(uint64_t operations);
struct round avx2_round(uint64_t operations);
struct round avx512_round(uint64_t operations);
struct round chase_round(uint64_t operations);
struct round triad_round(uint64_t operations);
struct round touch_round(uint64_t operations);
struct round clock_round(uint64_t operations);
struct round getppid_round(uint64_t operations);
struct round getpid_round(uint64_t operations);
struct round read_file_round(uint64_t operations);
struct round write_file_round(uint64_t operations);
struct round pipe_round(uint64_t operations);
struct round futex_round(uint64_t operations);
