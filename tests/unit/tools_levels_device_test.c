/* A device's figures, and what is read between them. */
#include "../check.h"

#include "tools/levels_device.h"

/* clang-format off */
static const struct levels_device device = {
    .levels = {
        {.name = "L0", .flash_wax = 2000, .stack_peak = 500,
         .messages = {{16, 0, {{100, 30}}}, {64, 0, {{196, 78}}}, {64, 1, {{900, 80}}}, {1000, 0, {{3000, 1016}}}},
         .message_count = 4},
        {.name = "L3-tls1.2-cert", .flash_wax = 6000, .flash_library = 40000, .static_ram = 1000,
         .heap_peak = 12000, .stack_peak = 1800, .resumes = true,
         .messages = {{64, 0, {{500, 100, 0, 1, 1, 150, 60}}}}, .message_count = 1},
        {.name = "L4-cert-suite2"},
    },
    .level_count = 3,
};
/* clang-format on */

static double instructions(const struct device_level *level, uint64_t size)
{
    return levels_device_message(level, size).values[DEVICE_INSTRUCTIONS];
}

static void a_size_that_was_not_measured_lies_between_those_that_were(void **state)
{
    const struct device_level *level = &device.levels[0];

    (void)state;
    assert_float_equal(instructions(level, 64), 196, 0.01); /* QoS 1 is none of them */
    assert_float_equal(instructions(level, 16), 100, 0.01);
    assert_float_equal(instructions(level, 40), 148, 0.01);
    assert_float_equal(instructions(level, 532), 1598, 0.01);
    assert_float_equal(instructions(level, 1936), 5804, 0.01); /* beyond the last */
    assert_float_equal(instructions(level, 1), 70, 0.01);      /* and in front of the first */
}

static void one_size_stands_for_all(void **state)
{
    (void)state;
    assert_float_equal(instructions(&device.levels[1], 8000), 500, 0.01);
}

static void a_device_does_tls_1_2(void **state)
{
    (void)state;
    assert_ptr_equal(levels_device_find(&device, "L0"), &device.levels[0]);
    assert_ptr_equal(levels_device_find(&device, "L3-tls1.3-cert"), &device.levels[1]);
    assert_ptr_equal(levels_device_find(&device, "L4-suite2"), &device.levels[2]);
    assert_null(levels_device_find(&device, "L4-suite3"));
    assert_null(levels_device_find(NULL, "L0"));
}

static void memory_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    assert_int_equal(levels_device_flash(&device.levels[1]), 46000);
    assert_int_equal(levels_device_ram(&device.levels[1]), 14800 + DEVICE_CLIENT_RAM);
}

static void a_byte_is_worth_many_instructions(void **state)
{
    const struct device_cost cost = {
        .values = {[DEVICE_INSTRUCTIONS] = 100000,
                   [DEVICE_FRAME_BYTES_OUT] = 100,
                   [DEVICE_FRAME_BYTES_IN] = 80}
    };
    const struct device_cost nothing = {{0}};
    double radio;

    (void)state;
    assert_float_equal(levels_device_energy_uj(&cost, &radio), 120, 0.001);
    assert_float_equal(radio, 0.75, 0.001);
    assert_float_equal(levels_device_energy_uj(&nothing, &radio), 0, 0.001);
    assert_float_equal(radio, 0, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_that_was_not_measured_lies_between_those_that_were),
        cmocka_unit_test(one_size_stands_for_all),
        cmocka_unit_test(a_device_does_tls_1_2),
        cmocka_unit_test(memory_is_the_sum_of_its_parts),
        cmocka_unit_test(a_byte_is_worth_many_instructions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
